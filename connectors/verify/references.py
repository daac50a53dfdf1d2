"""Which other records a record names, and when they must have been. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from schemas.records import Record, Ref
from topics.topic import Topic

EARLY_US = 10_000_000
# Sound reaches back from the span that it is used for by one record, which the contract lets be so long at most.


@dataclass(frozen=True, slots=True)
class Raw:
    """A place that is named, and the stream time at which the record there must lie; `seq` where that is known."""

    field: str
    ref: Ref
    from_us: int
    to_us: int
    seq: int = -1


@dataclass(frozen=True, slots=True)
class Derived:
    """Ids that are named, of records of `noun`."""

    field: str
    noun: str
    ids: tuple[str, ...]


def raw_of(record: Any, topic: Topic[Record]) -> Iterator[Raw]:
    """Places in the raw topics that a derived record names."""
    pts_us = record.pts_us
    match topic.noun:
        case "detections" | "faces" | "tracks" | "emotions":
            yield from _raw(("frame", record.frame, pts_us, pts_us))
        case "sounds":
            yield from _raw(("audio", record.audio, record.start_us - EARLY_US, record.end_us))
        case "utterances":
            span = record.start_us - EARLY_US, record.end_us
            yield from _raw(("first", record.first, *span), ("last", record.last, *span))
        case "fused" if record.evidence is not None:
            e, span, heard = record.evidence, (record.start_us, record.end_us), record.start_us - EARLY_US
            yield from _raw(
                ("evidence.first_frame", e.first_frame, *span), ("evidence.last_frame", e.last_frame, *span),
                ("evidence.first_audio", e.first_audio, heard, record.end_us),
                ("evidence.last_audio", e.last_audio, heard, record.end_us),
            )  # fmt: skip
        case "events":
            yield from _raw(("frame", record.frame, record.start_us, record.end_us))
        case "highlights":
            span = record.start_us, record.end_us
            for field in ("frame", "first_frame", "last_frame"):
                yield from _raw((field, getattr(record, field), *span))
        case "streams":
            for p in record.positions:
                ref = Ref(topic=p.topic, partition=p.partition, offset=p.offset)
                yield Raw("positions", ref, p.pts_us, p.pts_us, p.seq)


def _raw(*named: tuple[str, Ref | None, int, int]) -> Iterator[Raw]:
    for field, ref, from_us, to_us in named:
        if ref is not None and ref.topic:
            yield Raw(field, ref, from_us, to_us)


def derived_of(record: Any, topic: Topic[Record]) -> Iterator[Derived]:
    """Ids of derived records that a record names."""
    match topic.noun:
        case "tracks":
            yield from _ids(("detections_id", "detections", (record.detections_id,)))
        case "emotions":
            yield from _ids(
                ("faces_id", "faces", (record.faces_id,)), ("tracks_id", "tracks", (record.tracks_id,))
            )
        case "speech":
            yield from _ids(("utterance_id", "utterances", (record.utterance_id,)))
        case "fused" if record.evidence is not None:
            e = record.evidence
            yield from _ids(
                ("evidence.tracks", "tracks", e.tracks), ("evidence.emotions", "emotions", e.emotions),
                ("evidence.speech", "speech", e.speech), ("evidence.sounds", "sounds", e.sounds),
            )  # fmt: skip
        case "events":
            yield from _ids(("fused_ids", "fused", record.fused_ids))
        case "highlights":
            yield from _ids(("fused_ids", "fused", record.fused_ids), ("event_ids", "events", record.event_ids))
        case "clips":
            yield from _ids(("highlight_id", "highlights", (record.highlight_id,)))


def _ids(*named: tuple[str, str, Iterable[str]]) -> Iterator[Derived]:
    for field, noun, ids in named:
        if some := tuple(i for i in ids if i):
            yield Derived(field, noun, some)
