"""From an open source to pictures, sound and coded packets at their stream times."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from connectors.sources.batching import Batcher
from connectors.sources.config import Config
from connectors.sources.items import Item, Picture
from connectors.sources.media import Media, reason, to_us
from connectors.sources.nal import disposable, length_bytes
from connectors.sources.rebase import Rebase
from connectors.sources.sampling import Needed, Sampler
from connectors.sources.sound import RATE_HZ, Chunks, Listener
from schemas.records import Packet

LIVE_FORWARD_US = 10_000_000
CUT_US = 1_000_000
GUESSED_FPS = 25


class Extractor:
    """Takes one session's media, one connection after another, and gives its items in the order they come out.

    The same file with the same settings gives the same items, whatever the threads. `end_us` is the stream time
    where what was read so far ends; `notes` are sentences for the user.
    """

    def __init__(self, config: Config) -> None:
        self._sampler = Sampler(config.fps)
        self._needed = Needed(self._sampler)
        self._listener = Listener(
            Chunks(config.audio_record_ms * RATE_HZ // 1000, int(config.silence_fill_s * RATE_HZ))
        )
        self._batcher = Batcher(config.packets_ms * 1000, config.packets_bytes)
        self.end_us = 0
        self.notes: list[str] = []

    def read(self, media: Media, at_us: int = 0) -> Iterator[Item]:
        """Everything of one open source, the first of it at stream time `at_us`, up to its end.

        Ends quietly where reading fails (a cut file, a lost connection), with a note.
        """
        pass_ = _Pass(media, at_us)
        yield from pass_.items(self)
        if pass_.undecodable:
            self.notes.append(
                f"{pass_.undecodable} packets did not decode and were left out of pictures and sound"
            )
        if pass_.rebase.jumps:
            self.notes.append(f"its clock jumped {pass_.rebase.jumps} times: time was carried on from there")
        if pass_.stopped:
            self.notes.append(f"reading it stopped early ({pass_.stopped})")
        announced_us = media.duration_us
        if not media.live and announced_us is not None and self.end_us < announced_us - CUT_US:
            self.notes.append(
                f"it ends at {self.end_us / 1e6:.1f} s of {announced_us / 1e6:.1f} s that it announces: cut off?"
            )

    def finish(self) -> Iterator[Item]:
        """What is still held back."""
        yield from self._listener.finish()
        yield from self._batcher.finish()


class _Pass:
    """One reading of one open source."""

    def __init__(self, media: Media, at_us: int) -> None:
        self.media = media
        self.at_us = at_us
        self.rebase = Rebase(LIVE_FORWARD_US if media.live else None)
        self.tracks = media.coded_tracks
        # Asked of PyAV once: it makes a new Fraction for every packet and frame that is asked.
        self.bases = {t.index: t.time_base for t in (media.video, media.audio) if t is not None}
        self.undecodable = 0
        self.stopped = ""
        # pts_us = media time + shift - epoch_us; a live source starts at the first packet that it sends.
        start_us = None if media.live else media.start_us
        self.epoch_us = None if start_us is None else start_us - at_us
        video = media.video
        h264 = video is not None and video.codec_context.name == "h264"
        self.nal_length = length_bytes(video.codec_context.extradata) if h264 else None
        self.h264 = h264
        rate = (video.guessed_rate or video.average_rate) if video is not None else None
        self.frame_us = int(1_000_000 / (rate or GUESSED_FPS))
        self.last_frame_us: int | None = None
        self.last_us = 0

    def items(self, to: Extractor) -> Iterator[Item]:
        import av

        tracks = [t for t in (self.media.video, self.media.audio) if t is not None]
        packets = self.media.container.demux(tracks)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, OSError) as error:
                self.stopped = reason(error)
                packet = None
            if packet is None:
                break
            if packet.size:
                yield from self._log(packet, to)
            yield from self._decode(packet, to)
        if self.stopped:
            for track in tracks:
                yield from self._drain(track, to)

    def _log(self, packet: Any, to: Extractor) -> Iterator[Item]:
        """The packet itself, untouched."""
        index = packet.stream_index
        base = self.bases[index]
        time = packet.dts if packet.dts is not None else packet.pts
        time_us = to_us(time, base) if time is not None else None
        duration_us = to_us(packet.duration or 0, base)
        shift_us = self.rebase.shift(index, time_us, duration_us)
        if self.epoch_us is None:
            self.epoch_us = (time_us or 0) + shift_us - self.at_us
        if time_us is not None:
            self.last_us = max(0, time_us + shift_us - self.epoch_us)
            if packet.pts is not None:
                shown_us = to_us(packet.pts, base) + shift_us - self.epoch_us
                to.end_us = max(to.end_us, shown_us + duration_us)
        coded = Packet(
            track=index, pts=packet.pts, dts=packet.dts, duration=packet.duration or 0,
            key=packet.is_keyframe, data=bytes(packet),
        )  # fmt: skip
        video_key = packet.is_keyframe and packet.stream.type == "video"
        yield from to._batcher.add(self.last_us, self.epoch_us - shift_us, self.tracks, coded, video_key)
        if shift_us:  # the decoder gets the shifted times, and so do its frames
            ticks = round(shift_us / 1_000_000 / base)
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks

    def _decode(self, packet: Any, to: Extractor) -> Iterator[Item]:
        import av

        track = packet.stream  # the last packet of each, which has no data, knows no `stream_index`
        video, base = track.type == "video", self.bases[track.index]
        if video and packet.size and self.h264 and packet.pts is not None and not packet.is_discard:
            pts_us = to_us(packet.pts, base) - (self.epoch_us or 0)
            if not to._needed.decode(pts_us, disposable(bytes(packet), self.nal_length)):
                return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            self.undecodable += 1
            return
        for frame in frames:
            yield from self._seen(frame, base, to) if video else self._heard(frame, base, to)

    def _drain(self, track: Any, to: Extractor) -> Iterator[Item]:
        """Frames that the decoder still holds when reading broke off."""
        import av

        try:
            frames = track.codec_context.decode(None)
        except (av.error.FFmpegError, EOFError):
            return
        base = self.bases[track.index]
        for frame in frames:
            yield from self._seen(frame, base, to) if track.type == "video" else self._heard(frame, base, to)

    def _time_us(self, frame: Any, base: Fraction) -> int | None:
        return None if frame.pts is None else to_us(frame.pts, base) - (self.epoch_us or 0)

    def _seen(self, frame: Any, base: Fraction, to: Extractor) -> Iterator[Item]:
        at_us = self._time_us(frame, base)
        if at_us is None:  # bare H.264 has no times: frames follow each other at the rate it names
            at_us = self.at_us if self.last_frame_us is None else self.last_frame_us + self.frame_us
        self.last_frame_us = at_us
        at_us = max(0, at_us)
        to.end_us = max(to.end_us, at_us + 1)
        if to._sampler.keep(at_us):
            yield Picture(at_us, frame, self.media.upright_deg)

    def _heard(self, frame: Any, base: Fraction, to: Extractor) -> Iterator[Item]:
        at_us = self._time_us(frame, base)
        yield from to._listener.add(at_us, frame)
