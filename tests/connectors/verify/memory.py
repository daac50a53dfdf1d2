"""A log in memory, written by the real stations from a small scene, that a test may spoil in one place."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np
import simplejpeg

from connectors.objects import FolderStore
from connectors.verify.lying import Lying, Stretch
from processors import envelope
from processors.build import build
from processors.drive import Dead
from processors.offline import batch_of, decode_local, driver_of, encode_local
from processors.reading import Decode, Encode, Stored, read
from processors.shelf import Shelf
from schemas.identity import record_id
from schemas.records import Audio, Clip, Frame, Model, Packet, Packets, Record, Ref
from topics import catalog as c
from topics.names import Names
from topics.route import BY_STATION, ROUTE, STATIONS
from topics.topic import Topic

PARTITIONS, HZ, SECONDS = 1, 16_000, 8
CUTTER = Model(name="remux", version="1")


@dataclass
class MemoryLog:
    """Messages by topic, of one partition; what groups have committed is set to the ends."""

    messages: dict[str, list[Lying]] = field(default_factory=lambda: defaultdict(list))
    names: Names = field(default_factory=Names)
    partitions: int = PARTITIONS
    whole: bool = True
    late: dict[tuple[str, str, int], int] = field(default_factory=dict)
    low: dict[str, int] = field(default_factory=dict)

    @property
    def stretches(self) -> dict[tuple[str, int], Stretch]:
        every = [n for t in c.CATALOG for n in (self.names.topic(t), self.names.dlq(t))]
        return {(n, 0): Stretch(self.low.get(n, 0), self.low.get(n, 0), self._end(n)) for n in every}

    @property
    def committed(self) -> dict[tuple[str, str, int], int]:
        readers = [*((e.name, e.reads) for e in ROUTE), ("clickhouse", c.CATALOG)]
        ends = {(name, self.names.topic(t), 0): self._end(self.names.topic(t)) for name, ts in readers for t in ts}
        return ends | self.late

    def _end(self, name: str) -> int:
        return self.messages[name][-1].offset + 1 if self.messages[name] else 0

    def batches(self, topic: str) -> Iterator[list[Lying]]:
        kept = [m for m in self.messages[topic] if m.offset >= self.low.get(topic, 0)]
        for first in range(0, len(kept), 7):
            yield kept[first : first + 7]

    def write(self, topic: str, key: bytes | None, value: bytes | None, headers: Any = ()) -> Lying:
        """Appends one."""
        made = Lying(topic, 0, self._end(topic), key, value, tuple(headers), 1_700_000_000_000 + self._end(topic))
        self.messages[topic].append(made)
        return made

    def of(self, noun: str) -> list[Lying]:
        """Messages of a noun."""
        return self.messages[self.names.topic(c.BY_NOUN[noun])]

    def record(self, noun: str, at: int) -> Any:
        """The at-th record of a noun."""
        return decode_local(self.of(noun)[at].value, c.BY_NOUN[noun])

    def find(self, noun: str, wanted: Any) -> int:
        """Which record of a noun is the first that `wanted` takes."""
        return next(at for at in range(len(self.of(noun))) if wanted(self.record(noun, at)))

    def change(self, noun: str, at: int, **fields: Any) -> None:
        """Other fields in a record that is there already; its bytes follow, its headers stay."""
        changed = replace(self.record(noun, at), **fields)
        self.of(noun)[at] = replace(self.of(noun)[at], value=encode_local(changed))

    def drop(self, noun: str, at: int) -> Lying:
        """Takes one away; its offset stays empty."""
        return self.of(noun).pop(at)

    def copy(self) -> "MemoryLog":
        """A log to be spoiled."""
        return replace(self, messages=defaultdict(list, {k: list(v) for k, v in self.messages.items()}),
                       late=dict(self.late), low=dict(self.low))  # fmt: skip


def scene(stream: str, bad: int | None = None) -> list[tuple[Topic[Record], Record]]:
    """A bright square walks through noise, over silence, a tone and noise; picture `bad` is none."""
    rng = np.random.default_rng(7)
    made: list[tuple[Topic[Record], Record]] = []
    stamp: dict[str, Any] = {"stream_id": stream, "session_id": f"session of {stream}"}
    for i in range(SECONDS * 10):
        picture = rng.integers(0, 60, (90, 160, 3), dtype=np.uint8)
        picture[20:60, i : i + 20] = 230
        image = b"none" if i == bad else simplejpeg.encode_jpeg(picture, 85, "BGR", "420")
        pts_us = i * 100_000
        made.append((c.FRAMES, Frame(**stamp, seq=i, pts_us=pts_us, image=image, width_px=160, height_px=90)))
        if i % 5 == 0:
            t = np.arange(HZ // 2) / HZ
            loud = (np.zeros_like(t), np.sin(2 * np.pi * 220 * t), rng.standard_normal(HZ // 2) / 4)[i // 25 % 3]
            made.append(
                (c.AUDIO, Audio(**stamp, seq=i // 5, pts_us=pts_us, pcm=(loud * 12_000).astype("<i2").tobytes()))
            )
        if i % 10 == 0:
            made.append(
                (c.PACKETS, Packets(**stamp, seq=i // 10, pts_us=pts_us, packets=(Packet(track=0, data=b"x"),)))
            )
    last: dict[str, Any] = stamp | {"pts_us": SECONDS * 1_000_000, "end": True}
    made.append((c.FRAMES, Frame(**last, seq=SECONDS * 10)))
    made.append((c.AUDIO, Audio(**last, seq=SECONDS * 2)))
    made.append((c.PACKETS, Packets(**last, seq=SECONDS)))
    return made


def played(
    raw: list[tuple[Topic[Record], Record]],
    objects: FolderStore,
    spoil: Callable[[MemoryLog], None] = lambda _: None,
    codec: tuple[Encode, Decode] = (encode_local, decode_local),
    names: Names = Names(),  # noqa: B008 (a frozen value)
) -> MemoryLog:
    """What the stations say of raw records, with the headers and dead letters of the Kafka shell, and the cutter;
    `spoil` does something to the raw messages first.
    """
    log, shelf, (encode, decode) = MemoryLog(names=names), Shelf("builtin", None), codec
    for topic, record in raw:
        log.write(log.names.topic(topic), record.stream_id.encode(), encode(record))
    spoil(log)
    for name in STATIONS:
        edge = BY_STATION[name]
        core = build(name, {}, shelf)
        driver, size = driver_of(edge, core), batch_of(core)
        arrivals = [
            read(at, topic, stored(m), decode, PARTITIONS)
            for at, topic in enumerate(edge.reads)
            for m in list(log.messages[log.names.topic(topic)])
        ]
        for first in range(0, len(arrivals), size):
            for outcome in driver.feed(arrivals[first : first + size]):
                cause = outcome.cause.stored
                if isinstance(outcome, Dead):
                    dlq = log.names.dlq(edge.reads[outcome.cause.input])
                    log.write(dlq, cause.key, cause.value, envelope.of_dead(edge, cause, outcome.reason))
                    continue
                said = outcome.record
                headers = envelope.of_output(edge, log.names, said, cause)
                log.write(log.names.topic(edge.writes), said.stream_id.encode(), encode(said), headers)
    for message in list(log.of("highlights")):
        clip = cut(decode(message.value, c.HIGHLIGHTS), objects)
        headers = envelope.of_output(BY_STATION["clips"], log.names, clip, stored(message))
        log.write(log.names.topic(c.CLIPS), message.key, encode(clip), headers)
    return log


def stored(m: Lying) -> Stored:
    """A message as stations take it."""
    return Stored(Ref(topic=m.topic, partition=m.partition, offset=m.offset), m.key, m.value, m.headers)


def cut(highlight: Any, objects: FolderStore) -> Clip:
    """The clip of a highlight, as the cutter would have it."""
    body, key = highlight.id.encode() * 9, f"clips/{highlight.id}.mp4"
    stamp: dict[str, Any] = {
        n: getattr(highlight, n) for n in ("stream_id", "session_id", "seq", "pts_us", "watermark_us", "end")
    }
    stamp |= {"model": CUTTER, "id": record_id("clips", highlight.stream_id, highlight.session_id, highlight.seq)}
    if not highlight.end:
        objects.put(key, body, "video/mp4")
        stamp |= {"highlight_id": highlight.id, "key": key, "bytes": len(body), "sha256": sha256(body).hexdigest()}
    return Clip(**stamp)
