"""Opens a source with FFmpeg (PyAV) and chooses its tracks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from connectors.sources.address import SourceError, checked_file, checked_url, is_url, redact
from connectors.sources.bridge import open_srt
from connectors.sources.config import Config
from connectors.sources.items import Item
from schemas.records import CodedTrack

# FFmpeg draws text files as pictures of a terminal; nobody means that.
TEXT_FORMATS = frozenset({"tty", "bin", "xbin", "adf", "idf"})
PROBED_PACKETS = 400
THREADED_PX = 1920 * 1088
RETRY = "is it up, and is the URL right?"


@dataclass(slots=True)
class Media:
    """An open source: `container`, the chosen tracks (None where there is none) and what is worth telling.

    identity: what names its content where that is no file's. upright_deg: clockwise turn of its pictures that its
    frames do not tell.
    """

    name: str
    container: Any
    video: Any
    audio: Any
    live: bool
    notes: list[str] = field(default_factory=list)
    rotation_deg: int = 0
    identity: str = ""
    upright_deg: int = 0
    close: Callable[[], None] = lambda: None

    def wants(self, item: Item) -> bool:  # noqa: ARG002 (a stretch of the log leaves some out)
        """Whether an item belongs to what was asked for."""
        return True

    @property
    def duration_us(self) -> int | None:
        """Length that the container announces, None where it does not."""
        duration = self.container.duration
        return int(duration) if duration is not None and duration > 0 else None

    @property
    def start_us(self) -> int | None:
        """Media time of the earliest chosen track's start, None where the container does not say."""
        starts = [
            to_us(t.start_time, t.time_base) for t in (self.video, self.audio)
            if t is not None and t.start_time is not None
        ]  # fmt: skip
        return min(starts, default=None)

    @property
    def coded_tracks(self) -> tuple[CodedTrack, ...]:
        """What a remux has to know of the chosen tracks."""
        return tuple(coded_track(t, self.rotation_deg) for t in (self.video, self.audio) if t is not None)


def to_us(value: int, time_base: Fraction) -> int:
    """A time in units of a time base, in µs, rounded half up."""
    above, below = time_base.numerator, time_base.denominator
    return (2_000_000 * value * above + below) // (2 * below)


def coded_track(track: Any, rotation_deg: int) -> CodedTrack:
    """Codec parameters of a PyAV stream."""
    context, base = track.codec_context, track.time_base
    video = track.type == "video"
    return CodedTrack(
        index=track.index,
        kind=track.type,
        codec=context.name,
        extradata=bytes(context.extradata or b""),
        time_base_num=base.numerator,
        time_base_den=base.denominator,
        width_px=context.width if video else 0,
        height_px=context.height if video else 0,
        rate_hz=0 if video else context.sample_rate,
        channels=0 if video else context.layout.nb_channels,
        layout="" if video else context.layout.name,
        rotation_deg=rotation_deg if video else 0,
    )


def usable(track: Any) -> bool:
    """Whether a stream is a track that a decoder is here for; a cover picture is none."""
    from av.stream import Disposition

    return track.codec_context is not None and not track.disposition & Disposition.attached_pic


def choose(container: Any, kind: str, notes: list[str]) -> Any:
    """FFmpeg's best stream of a kind among the usable ones; notes the choice where there was one."""
    streams = container.streams.video if kind == "video" else container.streams.audio
    tracks = [t for t in streams if usable(t)]
    if not tracks:
        return None
    best = container.streams.best(kind)
    chosen = best if best is not None and any(t.index == best.index for t in tracks) else tracks[0]
    if len(tracks) > 1:
        notes.append(f"{len(tracks)} {kind} tracks: taking number {chosen.index} ({chosen.codec_context.name})")
    return chosen


def reason(error: Exception) -> str:
    """FFmpeg's words for an error, without the path or URL that it adds."""
    return redact(str(getattr(error, "strerror", None) or error))


def open_media(source: str, config: Config) -> Media:
    """Opens a file or URL; SourceError in one line if it cannot be used.

    A file of large pictures decodes with all threads that FFmpeg wants (the frames are the same), everything else
    with one: threads cost a fifth more CPU, and give a live source's frames out some frames later.
    """
    import av

    live = is_url(source)
    name = redact(source)
    target = checked_url(source) if live else str(checked_file(source))
    close: Callable[[], None] = lambda: None  # noqa: E731 (a slot to fill)
    try:
        if target.startswith("srt://"):
            container, close = open_srt(target, config)
        else:
            options = {"rtsp_transport": "tcp"} if target.startswith(("rtsp://", "rtsps://")) else {}
            container = av.open(target, timeout=(config.open_timeout_s, config.read_timeout_s), options=options)
    except av.error.FFmpegError as error:
        close()
        hint = RETRY if live else "is it a video or sound file, and whole? (an MP4 without its index is not)"
        raise SourceError(f"{name} cannot be opened ({reason(error)}): {hint}") from None
    notes: list[str] = []
    try:
        if container.format.name in TEXT_FORMATS:
            raise SourceError(f"{name} is text, neither video nor sound: name a media file")
        video, audio = choose(container, "video", notes), choose(container, "audio", notes)
        if video is None and audio is None:
            raise SourceError(
                f"{name} has neither a video nor a sound track that FFmpeg can decode: convert it first"
            )
    except SourceError:
        container.close()
        close()
        raise
    if video is not None:
        context = video.codec_context
        large = context.width * context.height > THREADED_PX
        context.thread_type = "AUTO" if large and not live else "NONE"
    return Media(name, container, video, audio, live, notes, close=close)


def probe(source: str, config: Config) -> Media:
    """Opens a file, sees whether its tracks decode, and opens it again at its start with those that do.

    A track of which none of the first packets decodes (encrypted, broken, another codec than it says) is left
    out with a note; SourceError if none is left. So nothing is written of a source that gives nothing.
    """
    import av

    media = open_media(source, config)
    tracks = [t for t in (media.video, media.audio) if t is not None]
    # Asked for now: PyAV crashes when a track is looked at after its container is closed.
    codecs = ", ".join(f"{t.type} {t.codec_context.name}" for t in tracks)
    waiting = {t.index for t in tracks}
    tried = dict.fromkeys(waiting, 0)
    rotation_deg = 0
    try:
        for packet in media.container.demux(tracks):
            if packet.stream.index in waiting and tried[packet.stream.index] < PROBED_PACKETS:
                tried[packet.stream.index] += 1
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    continue
                if frames and packet.stream.type == "video":
                    rotation_deg = -frames[0].rotation % 360
                waiting -= {packet.stream.index} if frames else set()
            if not any(tried[i] < PROBED_PACKETS for i in waiting):
                break
    except av.error.FFmpegError as error:
        media.notes.append(f"reading it stops early ({reason(error)})")
    finally:
        media.container.close()
        media.close()
    if len(waiting) == len(tried):
        raise SourceError(
            f"{media.name}: nothing of it decodes ({codecs}): is it encrypted, or cut off? convert it first"
        )
    again = open_media(source, config)
    again.rotation_deg = rotation_deg
    if again.video is not None and again.video.index in waiting:
        again.notes.append("its video does not decode (encrypted or broken?): taking the sound alone")
        again.video = None
    if again.audio is not None and again.audio.index in waiting:
        again.notes.append("its sound does not decode (encrypted or broken?): taking the video alone")
        again.audio = None
    return again
