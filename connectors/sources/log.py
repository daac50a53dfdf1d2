"""The log as a source: `log:STREAM[/SESSION][@FROM..TO]` decodes logged packets again, at another rate or quality.

Stream time stays what it was, so a picture has the same time, and at the same settings the same bytes, as the
frame that was made when the source came in.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from connectors.clips.index import INTERLEAVED_US, SessionIndex
from connectors.clips.packets import PacketLog
from connectors.clips.template import NoContainer, open_template
from connectors.places import Missing, places_of, stretch_of
from connectors.places.reader import live
from connectors.sources.address import SourceError
from connectors.sources.items import Batch, Item
from connectors.sources.media import Media
from schemas.records import CodedTrack, Packets
from topics.catalog import PACKETS
from topics.connection import Connection
from topics.read import stretch
from topics.registry import Serde

ADDRESS = re.compile(r"log:(?P<stream>[^@/]+)(?:/(?P<session>[^@/]+))?(?:@(?P<start>[\d.]*)\.\.(?P<end>[\d.]*))?")
MICRO = 1_000_000


@dataclass(slots=True)
class PacketContainer:
    """What an open container of PyAV is to whoever demuxes it, over records of packets."""

    records: Callable[[], Iterator[Packets]]
    tracks: tuple[CodedTrack, ...]
    template: Any
    epoch_us: int

    def demux(self, streams: Sequence[Any]) -> Iterator[Any]:
        """The records' packets of the streams as packets of PyAV, and an empty one for each stream at the end.

        Ends before records whose tracks are others than the first one's.
        """
        import av

        wanted = {s.index: s for s in streams}
        place = {t.index: n for n, t in enumerate(self.tracks)}
        for record in self.records():
            if record.tracks != self.tracks:
                break
            for p in record.packets:
                stream = wanted.get(place[p.track])
                if stream is None:
                    continue
                shift = round(Fraction(self.epoch_us - record.epoch_us, MICRO) / stream.time_base)
                packet = av.Packet(len(p.data))  # not made of the bytes: decoders read zeros behind a packet's end
                packet.update(p.data)
                packet.stream, packet.time_base = stream, stream.time_base
                packet.pts = None if p.pts is None else p.pts + shift
                packet.dts = None if p.dts is None else p.dts + shift
                packet.duration, packet.is_keyframe = p.duration, p.key
                yield packet
        for stream in streams:
            last = av.Packet()
            last.stream, last.time_base = stream, stream.time_base
            yield last

    def close(self) -> None:
        """Lets go of the decoders."""
        self.template.close()


@dataclass(slots=True)
class LogMedia(Media):
    """A stretch of a logged session, open. `identity` names the stretch: the same one gives the same items."""

    epoch_us: int = 0
    length_us: int | None = None
    from_us: int = 0
    until_us: int | None = None

    @property
    def duration_us(self) -> int | None:
        """Stream time where the stretch ends."""
        return self.length_us

    @property
    def start_us(self) -> int | None:
        """Media time of stream time 0."""
        return self.epoch_us

    def wants(self, item: Item) -> bool:
        """Whether an item lies in the stretch; packets from the key frame before it on do."""
        if self.until_us is not None and item.pts_us >= self.until_us:
            return False
        return isinstance(item, Batch) or item.pts_us >= self.from_us


def is_log(source: str) -> bool:
    """Whether a source is a stretch of the log."""
    return source.startswith("log:")


def parsed(source: str) -> tuple[str, str | None, int, int | None]:
    """Stream, session (None: the newest), begin and end of the stretch in µs; SourceError for no such address."""
    found = ADDRESS.fullmatch(source)
    try:
        if found is None:
            raise ValueError
        start, end = (round(float(found[name]) * 1e6) if found[name] else None for name in ("start", "end"))
    except ValueError:
        raise SourceError(
            f"{source}: say log:STREAM, log:STREAM@FROM..TO in seconds, or log:STREAM/SESSION"
        ) from None
    if end is not None and end <= (start or 0):
        raise SourceError(f"{source}: its end does not lie behind its beginning")
    return found["stream"], found["session"], start or 0, end


def open_log(source: str, connection: Connection, serde: Serde) -> LogMedia:
    """Opens a stretch of a logged session; SourceError where it has no packets, or retention has taken some."""
    stream, session, from_us, until_us = parsed(source)
    connection = live(connection)
    places = places_of(connection, serde, stream, behind=(PACKETS,))
    found = places.session(stream, session)
    if found is None:
        raise SourceError(f"{source}: the log has no such stream or session (`framelog streams` lists them)")
    e = found.session_id
    where = stretch_of(
        connection, serde, places, PACKETS, stream, e, from_us, until_us and until_us + INTERLEAVED_US
    )
    if isinstance(where, Missing):
        raise SourceError(f"{source}: not all of it is left: {where}")
    if from_us and from_us >= found.last_us:
        raise SourceError(f"{source}: the session has nothing there, it goes up to {found.last_us / 1e6:.1f} s")
    first_seq, start = 0, where.start
    if from_us:  # decoding begins at a key frame, and sound of a time may lie a little before its pictures
        early_us = max(from_us - INTERLEAVED_US, 0)
        index, log = SessionIndex(), PacketLog(connection, serde)
        high = log.bounds(where.partition)[1]
        log.earlier(index, stream, e, where.partition, (early_us, early_us + 1), high, anyhow=True)
        needed = index.stretch(early_us, early_us + 1)
        if needed:
            first_seq, start = needed[0].seq, min(where.start, needed[0].offset)

    def records() -> Iterator[Packets]:
        for message in stretch(connection, where.topic, where.partition, start, where.stop):
            record = serde.decode(message.value(), PACKETS) if message.key() == stream.encode() else None
            if not isinstance(record, Packets) or record.session_id != e or record.seq < first_seq:
                continue
            if record.end or (until_us is not None and record.pts_us >= until_us + INTERLEAVED_US):
                return
            yield record

    first = next(records(), None)
    if first is None:
        raise SourceError(f"{source}: the log has no packets there")
    end_us = found.last_us if until_us is None else min(until_us, found.last_us)
    return _media(source, records, first, (from_us, until_us, end_us), f"{where.topic} {stream} {e}")


def _media(
    source: str,
    records: Callable[[], Iterator[Packets]],
    first: Packets,
    span: tuple[int, int | None, int],
    of: str,
) -> LogMedia:
    try:
        template = open_template(first.tracks)
    except NoContainer as error:
        raise SourceError(f"{source}: {error}") from None
    kinds: dict[str, Any] = {}
    for stream, track in zip(template.streams, first.tracks, strict=True):
        stream.time_base = Fraction(track.time_base_num, track.time_base_den)
        stream.codec_context.thread_type = "NONE"
        kinds.setdefault(track.kind, stream)
    container = PacketContainer(records, first.tracks, template, first.epoch_us)
    turned = next((t.rotation_deg for t in first.tracks if t.kind == "video"), 0)
    return LogMedia(
        source, container, kinds.get("video"), kinds.get("audio"), live=False, rotation_deg=turned,
        epoch_us=first.epoch_us, length_us=span[2], from_us=span[0], until_us=span[1],
        identity=f"{of} {span[0]}..{span[1]}", upright_deg=turned,
    )  # fmt: skip
