"""A log of one partition a raw topic, in memory, with the notices that the real station says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from processors.station import Item
from processors.streams import Config, build
from schemas.records import Audio, Frame, Packets, Ref, StreamNotice

STREAM = "door"
MAKE: dict[str, Any] = {"frames": Frame, "audio": Audio, "packets": Packets}


@dataclass(frozen=True, slots=True)
class Line:
    """A record and where it lies."""

    ref: Ref
    record: Any


def lay(times: Mapping[str, Sequence[int]], session: str = "e", first: int = 0, gap: int = 3) -> list[Line]:
    """Records of a session at stream times by noun, every `gap` offsets one, ends included."""
    lines = []
    end_us = max((t for of in times.values() for t in of), default=0) + 1
    for noun, at in times.items():
        for seq, pts_us in enumerate([*at, end_us]):
            ref = Ref(topic=f"t.{noun}", partition=1, offset=first + seq * gap)
            record = MAKE[noun](stream_id=STREAM, session_id=session, seq=seq, pts_us=pts_us, end=seq == len(at))
            lines.append(Line(ref, record))
    return lines


def noticed(lines: Sequence[Line], config: Config | None = None) -> list[StreamNotice]:
    """What the station `streams` says of the records, in the order of stream time."""
    station = build(config or Config(), None)
    nouns = list(MAKE)
    order = sorted(lines, key=lambda x: (x.record.pts_us, nouns.index(x.ref.topic[2:]), x.record.seq))
    state = station.start(STREAM, lines[0].record.session_id)
    said: list[StreamNotice] = []
    for line in order:
        if not line.record.end:
            state, more = station.step(state, Item(line.record, line.ref))
            said += more
    said += station.finish(state, order[-1].record.pts_us)
    of = {"stream_id": STREAM, "session_id": lines[0].record.session_id}
    return [replace(n, **of, seq=seq) for seq, n in enumerate(said)]
