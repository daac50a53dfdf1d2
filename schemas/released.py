"""Holds today's schemas against every released version: old records must stay readable.

`python -m schemas.released --check` says which schema breaks that; `--freeze` keeps today's as the next version,
which is done once a release. Files: `schemas/released/<noun>.<version>.avsc`.
"""

import argparse
import sys
from pathlib import Path

from schemas.codec import schema_text
from schemas.compatibility import faults
from schemas.records import BY_NOUN

FOLDER = Path(__file__).parent / "released"


def versions(noun: str, folder: Path = FOLDER) -> list[str]:
    """Released schemas of a noun, oldest first."""
    files = sorted(folder.glob(f"{noun}.*.avsc"), key=lambda p: int(p.name.split(".")[1]))
    return [path.read_text() for path in files]


def check(folder: Path = FOLDER) -> list[str]:
    """What today's schemas could no longer read, a line each."""
    return [
        f"{noun}.avsc can not read a released version: {fault}"
        for noun in BY_NOUN
        for fault in faults(schema_text(noun), versions(noun, folder), "BACKWARD_TRANSITIVE")
    ]


def freeze(folder: Path = FOLDER) -> list[Path]:
    """Keeps every schema that differs from its last released version; returns the new files."""
    folder.mkdir(exist_ok=True)
    made = []
    for noun in BY_NOUN:
        have, now = versions(noun, folder), schema_text(noun)
        if have and have[-1] == now:
            continue
        path = folder / f"{noun}.{len(have) + 1}.avsc"
        path.write_text(now)
        made.append(path)
    return made


def main() -> None:
    """Checks or freezes; ends with 1 where a schema breaks its promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--freeze", action="store_true", help="keep today's schemas as released")
    parser.add_argument("--check", action="store_true", help="the default")
    broken = check()
    if broken:
        sys.exit("\n".join(broken))
    if parser.parse_args().freeze:
        freeze()


if __name__ == "__main__":
    main()
