"""The story told twice in one log: as `live` saw it, and as a candidate would have that is known to differ."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.records import Detections, Highlight, Hit, Model, Record, Ref, Speech, Tracks
from tests.story import Story, Teller, file_session
from topics.broker import ensure_topics
from topics.catalog import BY_NOUN
from topics.connection import Connection
from topics.names import Names
from topics.registry import Serde

CANDIDATE = "candidate"
HIT = Hit(kind="person_entered", score=1.0, at_us=0, text="a person enters")
MODELS = {"live": Model(name="yolo", version="1", sha256="aa" * 32), CANDIDATE: Model(name="yolo", version="2")}


@dataclass(frozen=True, slots=True)
class RunTeller(Teller):
    """Writes one run to the log alone; raw records once, by the first who tells. `frames`: where they lie."""

    run: str = "live"
    frames: list[Ref] = field(default_factory=list)

    def say(self, noun: str, records: Sequence[Any], log: bool = True, store: bool = True) -> list[Ref]:
        if BY_NOUN[noun].kind == "raw":
            if noun == "frames" and not self.frames:
                self.frames.extend(Teller.say(self, noun, records, store=False))
            return list(self.frames)
        if noun == "events":
            records = [r if r.end else replace(r, hits=(HIT,)) for r in records]
        if self.run == CANDIDATE:
            records = [r for r in map(otherwise, records) if r is not None]
            records = [replace(r, seq=n) for n, r in enumerate(records)]
        return Teller.say(self, noun, [replace(r, model=MODELS[self.run]) for r in records], store=False)


def otherwise(r: Record) -> Any:
    """What the candidate makes of it: no dog, another word, one highlight less and one that ends later."""
    if isinstance(r, Detections):
        return replace(r, boxes=tuple(b for b in r.boxes if b.label != "dog"))
    if isinstance(r, Tracks):
        return replace(r, tracks=tuple(t for t in r.tracks if t.label != "dog"))
    if isinstance(r, Speech) and "pleasure" in r.text:
        words = tuple(replace(w, text="treasure") if w.text == "pleasure" else w for w in r.words)
        return replace(r, words=words, text=r.text.replace("pleasure", "treasure"))
    if isinstance(r, Highlight) and not r.end and r.seq == 0:
        return None
    if isinstance(r, Highlight) and r.seq == 2 and not r.end:
        return replace(r, end_us=r.end_us + 2_000_000, score=0.7)
    return r


def made_log(broker: str, registry_url: str, streams: Sequence[str] = ("door",)) -> Connection:
    """A log of its own on the shared broker, with two runs in it."""
    made = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=2)
    with Serde(made) as serde:
        serde.register()
    ensure_topics(made)
    write_two_runs(made, streams)
    return made


def write_two_runs(connection: Connection, streams: Sequence[str] = ("door",)) -> None:
    """Both runs of every stream; the last of several streams is in `live` only."""
    for run in ("live", CANDIDATE):
        ensure_topics(replace(connection, names=Names(connection.names.prefix, run)))
    for stream in streams:
        frames: list[Ref] = []
        for run in ("live", CANDIDATE):
            if run == CANDIDATE and len(streams) > 1 and stream == streams[-1]:
                continue
            names = Names(connection.names.prefix, run)
            teller = RunTeller(replace(connection, names=names), None, "", run, frames)
            Story(stream, file_session(stream)).tell(teller)
