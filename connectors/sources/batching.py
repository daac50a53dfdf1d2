"""Coded packets, untouched, in records of at most a second, starting at a key frame where there is one."""

from collections.abc import Iterator

from connectors.sources.items import Batch
from schemas.records import CodedTrack, Packet

# Where every frame is a key frame (MJPEG, ProRes) a record still holds half a second.
SHORT_US = 500_000


class Batcher:
    """Collects packets and says when a record is full.

    A record's `pts_us` is the decoding time of its first packet (no later record has one of the same track
    that decodes earlier); it never falls from record to record.
    """

    def __init__(self, span_us: int = 1_000_000, size: int = 900_000) -> None:
        self._span_us = span_us
        self._size = size
        self._packets: list[Packet] = []
        self._tracks: tuple[CodedTrack, ...] = ()
        self._bytes = 0
        self._epoch_us = 0
        self._start_us = 0
        self._keyed = False

    def add(
        self, at_us: int, epoch_us: int, tracks: tuple[CodedTrack, ...], packet: Packet, video_key: bool
    ) -> Iterator[Batch]:
        """Takes a packet that decodes at a stream time; gives the record that it closes, if it closes one."""
        span_us = at_us - self._start_us
        if self._packets and (
            (video_key and (not self._keyed or span_us >= SHORT_US))
            or span_us >= self._span_us
            or self._bytes + len(packet.data) > self._size
            or (epoch_us, tracks) != (self._epoch_us, self._tracks)
        ):
            yield from self.finish()
        if not self._packets:
            self._start_us = max(at_us, self._start_us)
            self._epoch_us, self._tracks, self._keyed = epoch_us, tracks, video_key
        self._packets.append(packet)
        self._bytes += len(packet.data)

    def finish(self) -> Iterator[Batch]:
        """The record at hand, if there is anything in it."""
        if self._packets:
            yield Batch(self._start_us, self._epoch_us, self._tracks, tuple(self._packets))
            self._packets, self._bytes = [], 0
