"""A dead letter as a value, and cases: all letters about one message. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from topics.catalog import CATALOG
from topics.names import Names

ERRORS = "__connect.errors."
PLACE = re.compile(r"(?P<topic>[A-Za-z0-9._-]+)/(?P<partition>\d{1,9})@(?P<offset>\d{1,18})")


class BadPlace(ValueError):
    """The text names no place."""


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in the log, written TOPIC/PARTITION@OFFSET."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


def spot(text: str) -> Spot:
    """The place that a text names; BadPlace if it names none."""
    found = PLACE.fullmatch(text.strip())
    if found is None:
        raise BadPlace(f"{text!r} is no place: write TOPIC/PARTITION@OFFSET, as `framelog dlq list` does")
    return Spot(found["topic"], int(found["partition"]), int(found["offset"]))


@dataclass(frozen=True, slots=True)
class Letter:
    """What one dead letter says of itself; its bytes stay in the log.

    at: where the letter lies. origin: where the message lay. reader: the station or sink that could not use it.
    """

    at: Spot
    origin: Spot
    reader: str
    reason: str
    stream: str
    written_ms: int


def letter(at: Spot, key: bytes | None, headers: Iterable[tuple[str, bytes]], written_ms: int) -> Letter | None:
    """A message of a dead letter topic as a letter; None if it does not say where it was and for whom."""
    told = {name: value.decode(errors="replace") for name, value in headers if isinstance(value, bytes)}
    partition, offset = (told.get(f"{ERRORS}{name}", "") for name in ("partition", "offset"))
    topic, reader = told.get(f"{ERRORS}topic", ""), told.get("framelog.station", "")
    if not (topic and reader and partition.isdigit() and offset.isdigit()):
        return None
    origin = Spot(topic, int(partition), int(offset))
    return Letter(
        at, origin, reader, told.get("framelog.reason", ""), (key or b"").decode(errors="replace"), written_ms
    )


@dataclass(slots=True)
class Case:
    """A message, the letters about it by reader, and who has been dealt with (and how)."""

    origin: Spot
    letters: dict[str, Letter] = field(default_factory=dict)
    handled: dict[str, str] = field(default_factory=dict)

    @property
    def open(self) -> list[str]:
        """Readers that nothing was done for yet."""
        return [reader for reader in self.letters if reader not in self.handled]

    @property
    def first(self) -> Letter:
        """The letter that was written first."""
        return next(iter(self.letters.values()))

    @property
    def reasons(self) -> list[str]:
        """Each reason once."""
        return list(dict.fromkeys(one.reason for one in self.letters.values()))

    def as_row(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "place": str(self.origin), "stream": self.first.stream, "readers": ", ".join(self.letters),
            "reason": "; ".join(self.reasons),
            "state": "open" if self.open else "; ".join(dict.fromkeys(self.handled.values())),
        }  # fmt: skip


def cases(letters: Iterable[Letter], handled: Iterable[tuple[Spot, str, str]]) -> list[Case]:
    """Letters by the message that they are about, in the order of its first; what was handled, as origin, reader
    and how, is noted.
    """
    found: dict[Spot, Case] = {}
    for one in letters:
        found.setdefault(one.origin, Case(one.origin)).letters.setdefault(one.reader, one)
    for origin, reader, how in handled:
        if origin in found:
            found[origin].handled[reader] = how
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: of a noun or topic, a stream, whose reason holds some words, at some places; empty for all."""

    topic: str = ""
    stream: str = ""
    reason: str = ""
    places: Sequence[Spot] = ()
    handled: bool = False

    def __call__(self, case: Case, names: Names) -> bool:
        """Whether a case is among them."""
        noun = next((t.noun for t in CATALOG if names.topic(t) == case.origin.topic), "")
        return (
            (not self.topic or self.topic in (noun, case.origin.topic))
            and (not self.stream or case.first.stream == self.stream)
            and (not self.reason or any(self.reason.lower() in r.lower() for r in case.reasons))
            and (not self.places or case.origin in self.places)
            and (self.handled or bool(case.open))
        )
