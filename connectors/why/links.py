"""What a record stands on, and what it says in one line: pure, from its fields as log and store both have them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from topics.fetch import At

Fields = Mapping[str, Any]
BY_ID = {"fused_ids": "fused", "event_ids": "events", "utterance_id": "utterances", "detections_id": "detections",
         "faces_id": "faces", "tracks_id": "tracks", "highlight_id": "highlights"}  # fmt: skip
EVIDENCE = ("tracks", "emotions", "speech", "sounds")
# Pairs of fields that name the first and the last raw record of a stretch.
STRETCHES = (
    ("first_frame", "last_frame", "frames"),
    ("first_audio", "last_audio", "audio"),
    ("first", "last", "audio"),
)


@dataclass(frozen=True, slots=True)
class Derived:
    """A record of a station, by its id."""

    noun: str
    id: str

    def __str__(self) -> str:
        return f"{self.noun}:{self.id}"


@dataclass(frozen=True, slots=True)
class Raw:
    """A stretch of the raw log, first and last offset included; other streams' records may lie between."""

    noun: str
    topic: str
    partition: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.first}" + (f"…{self.last}" if self.last != self.first else "")


Key = Derived | Raw


def links(noun: str, fields: Fields) -> list[Key]:
    """Records that a record stands on, in the order of its fields, each once."""
    evidence = fields.get("evidence") or {}
    found: dict[Key, None] = {}
    for key in (*_ids(noun, fields), *_evidence(evidence), *_raw(fields), *_raw(evidence)):
        found[key] = None
    return list(found)


def _ids(noun: str, fields: Fields) -> Iterator[Key]:
    for name, to in BY_ID.items():
        given = fields.get(name) or ()
        yield from (Derived(to, i) for i in ([given] if isinstance(given, str) else given) if i and to != noun)


def _evidence(evidence: Fields) -> Iterator[Key]:
    for noun in EVIDENCE:
        yield from (Derived(noun, i) for i in evidence.get(noun) or () if i)


def _raw(fields: Fields) -> Iterator[Key]:
    for name, noun in (("frame", "frames"), ("audio", "audio")):
        if (at := place(fields.get(name))) is not None:
            yield Raw(noun, at.topic, at.partition, at.offset, at.offset)
    for first, last, noun in STRETCHES:
        a, b = place(fields.get(first)), place(fields.get(last))
        a, b = a or b, b or a
        if a and b and (a.topic, a.partition) == (b.topic, b.partition):
            yield Raw(noun, a.topic, a.partition, min(a.offset, b.offset), max(a.offset, b.offset))


def place(ref: Any) -> At | None:
    """A Ref's place. The store has an empty topic where the record has none."""
    if not isinstance(ref, Mapping) or not ref.get("topic"):
        return None
    return At(ref["topic"], ref["partition"], ref["offset"])


def span_us(fields: Fields) -> tuple[int, int]:
    """Stream time that a record speaks of, in µs; a record of one moment ends where it begins."""
    start, end = fields.get("start_us") or 0, fields.get("end_us") or 0
    at = fields.get("pts_us") or 0
    return (start, end) if end > start else (at, at)


def words(noun: str, fields: Fields) -> str:
    """What a record says, in one line."""
    if fields.get("status", "ok") != "ok":
        return f"{fields['status']}: {fields.get('reason') or 'no reason given'}"
    say = SAY.get(noun)
    return " ".join(say(fields).split()) if say else ""


def _named(items: Any, name: Any, none: str) -> str:
    return ", ".join(name(i) for i in items) if items else none


def _feeling(person: Fields) -> str:
    who = "" if person.get("track_id") is None else f"#{person['track_id']} "
    return f"{who}{person.get('emotion') or 'face'}"


def _quoted(speaker: Any, text: Any) -> str:
    return (f"{speaker}: " if speaker else "") + (f"“{text}”" if text else "no words")


def _heard(fields: Fields) -> str:
    classes = ", ".join(c["label"].lower() for c in fields.get("classes") or ())
    return f"{fields.get('loudness_db') or 0:.0f} dB" + (f", {classes}" if classes else "") + (
        ", silence" if fields.get("silence") else ""
    )  # fmt: skip


def _window(fields: Fields) -> str:
    people = len(fields.get("persons") or ())
    told = [f"{people} person{'' if people == 1 else 's'}"]
    told += [f"“{fields['text']}”"] if fields.get("text") else []
    told += [str(fields["emotion"])] if fields.get("emotion") else []
    told += [f"{fields.get('loudness_db') or 0:.0f} dB"] if "loudness_db" in fields else []
    told += [f"without {', '.join(fields['missing'])}"] if fields.get("missing") else []
    return ", ".join(told)


SAY: dict[str, Callable[[Fields], str]] = {
    "highlights": lambda f: f"{f.get('title', '')} (score {f.get('score') or 0:.2f})",
    "events": lambda f: str(f.get("text") or ""),
    "speech": lambda f: _quoted(f.get("speaker"), f.get("text")),
    "fused": lambda f: _window(f),
    "tracks": lambda f: _named(f.get("tracks"), lambda t: f"{t['label']} #{t['track_id']}", "nobody"),
    "detections": lambda f: _named(f.get("boxes"), lambda b: f"{b['label']} {b['score']:.2f}", "nothing"),
    "faces": lambda f: _named(f.get("faces"), lambda x: x["emotion"] or "face", "no face"),
    "emotions": lambda f: _named(f.get("persons"), _feeling, "no face"),
    "sounds": lambda f: _heard(f),
    "utterances": lambda f: "speech" if f.get("speech") else "no speech",
    "clips": lambda f: f"{f.get('key', '')}, {f.get('bytes', 0)} bytes",
    "streams": lambda f: f"{f.get('kind', '')} {f.get('text') or ''}".strip(),
}
