"""Sets up the virtual environment before any package is there: the standard library alone.

`bootstrap.py venv DIR` makes the environment and its installer; `bootstrap.py packages DIR default|dev`
installs the locked set, every file checked against its hash.
"""

import json
import subprocess
import sys
import time
import venv
from pathlib import Path

LOCKS = Path(__file__).parent / "locks"
OLDEST_PYTHON = (3, 11)


def make_venv(target: Path) -> None:
    """An environment with the locked installer in it."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        have = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"framelog needs Python 3.11 or newer, this is {have}: call `make PYTHON=python3.12 setup`")
    try:
        venv.create(target, with_pip=True, clear=False, symlinks=True)
    except subprocess.CalledProcessError:
        sys.exit("Python's venv module is incomplete here: on Debian or Ubuntu install `python3-venv`")
    run(target / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check",
        "--require-hashes", "-r", LOCKS / "uv.lock")  # fmt: skip


def install(target: Path, which: str) -> None:
    """The locked packages of `which`, and this project in place."""
    started = time.monotonic()
    print(f"setup: installing the locked packages ({which}) …", flush=True)  # noqa: T201
    uv = target / "bin/uv"
    python = ("--python", target / "bin/python")
    run(uv, "pip", "install", *python, "--require-hashes", "--no-deps", "-r", LOCKS / f"{which}.lock")
    run(uv, "pip", "install", "-q", *python, "--require-hashes", "--no-deps", "-r", LOCKS / "build.lock")
    run(uv, "pip", "install", "-q", *python, "--no-deps", "--no-build-isolation", "-e", LOCKS.parent.parent)
    seconds = time.monotonic() - started
    (target / "setup.json").write_text(json.dumps({"packages": round(seconds, 1)}))
    print(f"setup: packages are there after {seconds:.0f} s", flush=True)  # noqa: T201


def run(*words: object) -> None:
    """Runs a command, ends with its exit code if it fails."""
    done = subprocess.run([str(w) for w in words], check=False)  # noqa: S603 (our own words)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    if what == "venv":
        make_venv(Path(where))
    else:
        install(Path(where), rest[0])
