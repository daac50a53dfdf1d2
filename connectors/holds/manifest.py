"""What a hold is: values, and their keys in the object store."""

import re
from typing import Any

import msgspec

from topics.extent import Passage

FOLDER = "holds"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class BadHold(ValueError):
    """A hold that can not be made, read or found; the message says what to do."""


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Offsets `start` up to but not including `stop` of a partition, of which the hold's session is kept.

    since_us: stream time from which on records are kept: coded packets begin at a key frame, before the hold does.
    """

    noun: str
    topic: str
    partition: int
    start: int
    stop: int
    since_us: int | None = None


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be held: a session of a stream from a stream time up to another (None: no bound)."""

    name: str
    stream: str
    session: str
    from_us: int | None
    until_us: int | None
    ranges: tuple[Range, ...]

    def passage(self, of: Range) -> Passage:
        """Which records of a range are kept."""
        bounded = of.noun != "streams"
        return Passage(
            self.stream, self.session, of.since_us if bounded else None, self.until_us if bounded else None
        )


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One file: messages of a partition whose offsets lie in `start` up to but not including `stop`."""

    key: str
    noun: str
    topic: str
    partition: int
    start: int
    stop: int
    messages: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that is whole. Written last, so that what has one is all there."""

    hold: Hold
    parts: tuple[Part, ...]
    held_at: str
    version: int = 1

    @property
    def counts(self) -> dict[str, int]:
        """Messages by noun."""
        found = {r.noun: 0 for r in self.hold.ranges}
        for part in self.parts:
            found[part.noun] += part.messages
        return found

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(part.bytes for part in self.parts)


def checked_name(name: str) -> str:
    """The name, if it is one; BadHold otherwise."""
    if not NAME.fullmatch(name):
        raise BadHold(f"{name!r} is no name for a hold: use up to 100 letters, digits, dashes and underscores")
    return name


def plan_key(name: str) -> str:
    """Where it is written what a hold is to be, before anything else of it."""
    return f"{FOLDER}/{checked_name(name)}/plan.json"


def manifest_key(name: str) -> str:
    """Where a whole hold says what it is."""
    return f"{FOLDER}/{checked_name(name)}/manifest.json"


def part_prefix(name: str, of: Range) -> str:
    """What the keys of a range's files begin with."""
    return f"{FOLDER}/{checked_name(name)}/{of.noun}-{of.partition}-"


def part_key(name: str, of: Range, start: int, stop: int) -> str:
    """Where a file lies: offsets padded, so that names sort as offsets do."""
    return f"{part_prefix(name, of)}{start:015d}-{stop:015d}.avro"


def part_offsets(key: str) -> tuple[int, int]:
    """The offsets that a file's key says."""
    start, stop = key.removesuffix(".avro").rsplit("-", 2)[1:]
    return int(start), int(stop)


def to_json(value: Hold | Manifest) -> bytes:
    """As it lies in the store."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1)


def from_json(body: bytes, cls: type[Any]) -> Any:
    """Back from the store; BadHold for what is none."""
    try:
        return msgspec.json.decode(body, type=cls)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadHold(f"the store holds no hold there ({error})") from error
