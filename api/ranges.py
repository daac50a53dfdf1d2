"""HTTP byte ranges (RFC 9110, one range), as pure arithmetic."""

import re
from dataclasses import dataclass

ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to and not including `stop`."""

    start: int
    stop: int


class Unsatisfiable(ValueError):
    """No byte of the object lies in the range."""


def wanted(header: str | None, size: int) -> Span | None:
    """The bytes that a Range header asks of an object of `size` bytes.

    None where all are asked for: no header, another unit, several ranges or nonsense, which a server may
    ignore. Raises Unsatisfiable where the range lies behind the end.
    """
    found = ONE_RANGE.fullmatch(header.strip()) if header else None
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last N bytes
        if int(last) == 0 or size == 0:
            raise Unsatisfiable(header)
        return Span(max(0, size - int(last)), size)
    start, stop = int(first), min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable(header)
    return Span(start, stop)


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has this version already (weak comparison)."""
    if not if_none_match:
        return False
    theirs = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in theirs or etag in theirs
