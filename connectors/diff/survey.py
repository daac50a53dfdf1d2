"""What a run says of each session: how many records, from when to when, by which models. Pure."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from connectors.diff.findings import Session
from connectors.diff.nouns import BY_NAME
from schemas.records import Model, Ref
from topics.catalog import BY_NOUN as SPOKEN

SECOND_US = 1_000_000


class Logged(NamedTuple):
    """A decoded record, where it lies, a hash of its bytes without the schema's id, and when the log took it."""

    record: Any
    partition: int
    offset: int
    digest: bytes
    at_ms: int = 0


@dataclass
class Told:
    """What one run says of one noun in one session.

    until_us: it will say no more about what is before. frames: a picture for each second, of what names one.
    from_ms, until_ms: when the log took the first and the last of it.
    """

    partition: int = 0
    first_offset: int = 0
    last_offset: int = -1
    records: int = 0
    first_us: int = 0
    until_us: int = 0
    ended: bool = False
    models: Counter[Model] = field(default_factory=Counter)
    frames: dict[int, Ref] = field(default_factory=dict)
    from_ms: int = 0
    until_ms: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        """Equal for equal records in equal order."""
        return str(self._hash.hexdigest())

    def take(self, logged: Logged) -> None:
        """One record more."""
        record = logged.record
        if self.last_offset < 0:
            self.partition, self.first_offset = logged.partition, logged.offset
            self.first_us = time_of(record)
            self.from_ms = logged.at_ms
        self.last_offset, self.until_ms = logged.offset, logged.at_ms
        self._hash.update(logged.digest)
        if record.end:
            self.ended = True
            self.until_us = max(self.until_us, record.pts_us)
            return
        self.records += 1
        self.first_us = min(self.first_us, time_of(record))
        self.until_us = max(self.until_us, record.watermark_us, record.pts_us)
        if record.model.name:
            self.models[record.model] += 1
        evidence = getattr(record, "evidence", None)
        if evidence is not None and evidence.first_frame is not None:
            self.frames.setdefault(time_of(record) // SECOND_US, evidence.first_frame)


Survey = dict[Session, dict[str, Told]]
# By session and noun.


def time_of(record: Any) -> int:
    """Stream time that a record speaks of first."""
    return int(getattr(record, "start_us", record.pts_us))


def take(survey: Survey, noun: str, records: Iterable[Logged]) -> None:
    """Adds one noun's records, in the log's order."""
    for logged in records:
        session = Session(logged.record.stream_id, logged.record.session_id)
        survey.setdefault(session, {}).setdefault(noun, Told()).take(logged)


def frame_at(told: Mapping[str, Told], at_us: int) -> Ref | None:
    """A picture of the second, or of the one before."""
    for t in told.values():
        if found := t.frames.get(at_us // SECOND_US) or t.frames.get(at_us // SECOND_US - 1):
            return found
    return None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The stream time that both runs speak of: from_us to until_us, both of it."""

    from_us: int
    until_us: int

    def holds(self, record: Any) -> bool:
        """Whether a record speaks of it."""
        return not record.end and self.from_us <= time_of(record) <= self.until_us


def begins_us(told: Mapping[str, Told]) -> int | None:
    """Where a run begins in a session by what it says: the first record of what comes with the raw ones; None if
    there is none.
    """
    return min((t.first_us for noun, t in told.items() if BY_NAME[noun].dense and t.records), default=None)


def common(a: Mapping[str, Told], b: Mapping[str, Told], noun: str, asked_us: int = 0) -> Stretch | None:
    """What of a noun can be compared in a session; None if one run has no record of it at all, not even an end.

    A run that began later, or was asked for less, says nothing about the rest: that is not a difference.
    asked_us: where the later of the two was asked to begin, where that is known.
    """
    if noun not in a or noun not in b:
        return None
    begins = [at for at in (begins_us(a), begins_us(b)) if at is not None]
    until_us = min(a[noun].until_us, b[noun].until_us)
    # What begins where the shorter run ends is behind its end; a frame there is its last one.
    behind = a[noun].until_us != b[noun].until_us and "start_us" in SPOKEN[noun].record.__dataclass_fields__
    return Stretch(max([asked_us, *begins]), until_us - behind)
