"""Packets of the log into a file, none of their bytes changed: the same packets give the same file."""

import errno
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from connectors.clips.template import NoContainer, codec_name, open_template
from schemas.records import CodedTrack, Packet, Packets

MP4 = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg1video", "mpeg2video", "aac", "mp3", "mp2", "ac3",
                 "eac3", "opus", "flac", "alac"})  # fmt: skip
WEBM = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Container:
    """A file format: FFmpeg's name, the file's ending, its content type."""

    format: str
    ending: str
    content_type: str


MP4_FILE = Container("mp4", "mp4", "video/mp4")
WEBM_FILE = Container("webm", "webm", "video/webm")
MATROSKA_FILE = Container("matroska", "mkv", "video/x-matroska")


@dataclass(frozen=True, slots=True)
class Timed:
    """A packet and its stream time in µs (of decoding, where it has one)."""

    track: CodedTrack
    packet: Packet
    epoch_us: int
    at_us: int


def container_of(tracks: Sequence[CodedTrack]) -> Container:
    """The format that browsers play if it can carry the tracks, else Matroska."""
    codecs = {codec_name(t) for t in tracks}
    if codecs <= MP4:
        return MP4_FILE
    return WEBM_FILE if codecs <= WEBM else MATROSKA_FILE


def timed(records: Iterable[Packets]) -> Iterator[Timed]:
    """The packets of records with their stream times; one without any time has the time of the one before."""
    last: dict[int, int] = {}
    for record in records:
        tracks = {t.index: t for t in record.tracks}
        for packet in record.packets:
            track = tracks[packet.track]
            ticks = packet.dts if packet.dts is not None else packet.pts
            if ticks is not None:
                last[track.index] = ticks * MICRO * track.time_base_num // track.time_base_den - record.epoch_us
            yield Timed(track, packet, record.epoch_us, last.get(track.index, record.pts_us))


def chosen(packets: Sequence[Timed], start_us: int, end_us: int) -> list[Timed]:
    """From the last video key frame at or before the start (the first one, where none is that early) up to the
    end; sound from there too. Where there is no video, sound alone.
    """
    video = [p for p in packets if p.track.kind == "video"]
    keys = [p for p in video if p.packet.key]
    if video and not keys:
        return []
    first_us = start_us
    if keys:
        first_us = next((p.at_us for p in reversed(keys) if p.at_us <= start_us), keys[0].at_us)
    begun, taken = False, []
    for p in packets:
        if p.track.kind == "video":
            begun = begun or (p.packet.key and p.at_us >= first_us)
            if begun and p.at_us < end_us:
                taken.append(p)
        elif first_us <= p.at_us < end_us:
            taken.append(p)
    return taken


def media_span(records: Iterable[Packets], start_us: int, end_us: int) -> tuple[int, int]:
    """Stream time that the file of a stretch really holds: its first picture (or sound) to the end of its last."""
    packets = chosen(list(timed(records)), start_us, end_us)
    shown = [(p, _us(p, p.packet.pts) if p.packet.pts is not None else p.at_us) for p in packets]
    video = [at for p, at in shown if p.track.kind == "video"]
    ends = [at + _us(p, p.packet.duration, 0) for p, at in shown]
    return min(video or [at for _, at in shown], default=start_us), max(ends, default=start_us)


def _us(timed: Timed, ticks: int, epoch_us: int | None = None) -> int:
    track = timed.track
    return ticks * MICRO * track.time_base_num // track.time_base_den - (
        timed.epoch_us if epoch_us is None else epoch_us
    )


def remux(records: Sequence[Packets], start_us: int, end_us: int) -> tuple[bytes, Container]:
    """The file of a stretch of stream time, faststart where the format knows it.

    NoContainer if nothing that can be played lies in the stretch or a codec fits no format. Records whose tracks
    are not those of the first one chosen end the clip there.
    """
    packets = chosen(list(timed(records)), start_us, end_us)
    if not packets:
        raise NoContainer("no key frame lies in the packets of this stretch")
    described = next(r.tracks for r in records if packets[0].track in r.tracks)
    used = [t for t in described if any(p.track == t for p in packets)]
    kind = container_of(used)
    # FFmpeg reopens the file to put the index first, so it has to be one.
    with tempfile.TemporaryDirectory(prefix="framelog-clip-") as folder:
        path = Path(folder) / f"clip.{kind.ending}"
        _written(path, kind, used, [p for p in packets if p.track in used])
        body = path.read_bytes()
    rotation = next((t.rotation_deg for t in used if t.kind == "video"), 0)
    return (turned(body, rotation) if kind is MP4_FILE and rotation else body), kind


def _written(path: Path, kind: Container, tracks: Sequence[CodedTrack], packets: Sequence[Timed]) -> None:
    import av

    try:
        _write(path, kind, tracks, packets)
    except av.error.FFmpegError as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise  # the disk's trouble, not the packets'
        raise NoContainer(f"FFmpeg can not put these packets into {kind.format}: {error}") from error


def _write(path: Path, kind: Container, tracks: Sequence[CodedTrack], packets: Sequence[Timed]) -> None:
    import av

    options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if kind is MP4_FILE else {})
    base_us = packets[0].at_us
    with (
        open_template(tracks) as template,
        av.open(str(path), "w", format=kind.format, container_options=options) as out,
    ):
        streams: dict[int, Any] = {}
        last: dict[int, int] = {}
        for track, stream in zip(tracks, template.streams, strict=True):
            made = out.add_stream_from_template(stream, opaque=True)
            made.time_base = Fraction(track.time_base_num, track.time_base_den)
            streams[track.index] = made
        for p in packets:
            base = Fraction(p.track.time_base_num, p.track.time_base_den)
            shift = round((base_us + p.epoch_us) / (base * MICRO))
            dts = p.packet.dts if p.packet.dts is not None else p.packet.pts
            dts = (dts - shift) if dts is not None else last.get(p.track.index, -1) + 1
            if dts <= last.get(p.track.index, dts - 1):
                continue  # time ran back: a muxer takes none of that
            last[p.track.index] = dts
            coded = av.Packet(p.packet.data)
            coded.dts = dts
            coded.pts = dts if p.packet.pts is None else max(p.packet.pts - shift, dts)
            coded.duration = p.packet.duration
            coded.time_base = base
            coded.is_keyframe = p.packet.key
            coded.stream = streams[p.track.index]
            out.mux(coded)


def turned(mp4: bytes, clockwise_deg: int) -> bytes:
    """The MP4 with its first video track shown turned: the matrix of the track's header (ISO 14496-12, tkhd)."""
    sines = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
    if clockwise_deg not in sines:
        return mp4
    body, at = bytearray(mp4), mp4.find(b"tkhd")
    while at >= 0:
        matrix = at + 4 + 4 + (32 if body[at + 4] == 1 else 20) + 16
        width, height = (int.from_bytes(body[matrix + 36 + i : matrix + 38 + i], "big") for i in (0, 4))
        if width and height:
            a, b, c, d = sines[clockwise_deg]
            x, y = {90: (height, 0), 180: (width, height), 270: (0, width)}[clockwise_deg]
            values = [a << 16, b << 16, 0, c << 16, d << 16, 0, x << 16, y << 16, 1 << 30]
            body[matrix : matrix + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in values)
            return bytes(body)
        at = mp4.find(b"tkhd", at + 4)
    return mp4
