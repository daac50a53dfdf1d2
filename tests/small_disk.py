"""A file system of a few MiB, to be filled: mounted where the tests run as root, else the test is skipped."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """An empty file system on `folder` of that size, in memory; gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "framelog-test", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"no small file system can be mounted here ({made.stderr.strip()}): it takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave_bytes: int = 0) -> Path:
    """Takes the free space of a folder's file system but for so many bytes; deleting the file gives it back."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while True:
            stat = os.statvfs(folder)
            left = stat.f_bavail * stat.f_frsize - leave_bytes
            if left <= 0:
                return ballast
            file.write(b"\0" * min(left, 1 << 20))


def used_bytes(folder: Path) -> int:
    """What is taken of a folder's file system."""
    stat = os.statvfs(folder)
    return (stat.f_blocks - stat.f_bfree) * stat.f_frsize


def resize(folder: Path, size_bytes: int) -> None:
    """Makes the file system larger or smaller, while it is used."""
    subprocess.run(["mount", "-o", f"remount,size={size_bytes >> 10}k", str(folder)], check=True)
