"""Items of a source to records of a session: seq counted by topic, pictures encoded only where they are wanted."""

from dataclasses import replace

from connectors.ingest.writer import NOUN_OF, Raw
from connectors.sources import Batch, Item, Picture, Sound
from connectors.sources.pictures import Coder
from connectors.sources.sound import RATE_HZ
from schemas.records import Audio, Frame, Packets

MOST_BYTES = 3_900_000
NOUN: dict[type[Item], str] = {Picture: "frames", Sound: "audio", Batch: "packets"}
CLASS: dict[str, type[Raw]] = {noun: cls for cls, noun in NOUN_OF.items()}


def encoded(item: Item, coder: Coder) -> Raw:
    """A record of an item that does not know yet whose it is: no stream, no session, seq 0."""
    match item:
        case Picture():
            image, width_px, height_px = coder(item)
            return Frame(
                stream_id="", session_id="", seq=0, pts_us=item.pts_us, width_px=width_px, height_px=height_px,
                image=image,
            )  # fmt: skip
        case Sound():
            return Audio(stream_id="", session_id="", seq=0, pts_us=item.pts_us, rate_hz=RATE_HZ, pcm=item.pcm)
        case Batch():
            return Packets(
                stream_id="", session_id="", seq=0, pts_us=item.pts_us, epoch_us=item.epoch_us, tracks=item.tracks,
                packets=item.packets,
            )  # fmt: skip


def fits(item: Item) -> bool:
    """Whether an item fits into a record: a single packet may be larger than a record can be."""
    return not isinstance(item, Batch) or sum(len(p.data) for p in item.packets) <= MOST_BYTES


class Numbering:
    """The next seq of each topic of a session; pts_us never falls within one."""

    def __init__(self, stream: str, session: str) -> None:
        self._stream = stream
        self.session = session
        self._next: dict[str, int] = {}
        self._pts_us: dict[str, int] = {}

    def next_seq(self, noun: str) -> int:
        """Seq that the topic's next record will have."""
        return self._next.get(noun, 0)

    def set(self, noun: str, seq: int, pts_us: int) -> None:
        """Goes on after a record that the log has."""
        self._next[noun] = seq + 1
        self._pts_us[noun] = pts_us

    def skip(self, noun: str, pts_us: int) -> None:
        """Counts a record that need not be made."""
        self.set(noun, self.next_seq(noun), max(pts_us, self._pts_us.get(noun, 0)))

    def stamp(self, record: Raw, captured_us: int = 0, dropped: int = 0) -> Raw:
        """The record with its stream, session and seq."""
        noun = NOUN_OF[type(record)]
        pts_us = max(record.pts_us, self._pts_us.get(noun, 0))
        seq = self.next_seq(noun)
        self.set(noun, seq, pts_us)
        return replace(
            record, stream_id=self._stream, session_id=self.session, seq=seq, pts_us=pts_us,
            captured_us=captured_us, dropped=dropped,
        )  # fmt: skip

    def end(self, noun: str, pts_us: int, dropped: int = 0) -> Raw:
        """The topic's last record."""
        return self.stamp(CLASS[noun](stream_id="", session_id="", seq=0, pts_us=pts_us, end=True), 0, dropped)
