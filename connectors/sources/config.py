"""What can be set about taking a source into the log."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of sources and ingest.

    fps: pictures a second of stream time; a source that has fewer gives what it has.
    jpeg_quality: 1 to 100.
    audio_record_ms: length of one record of sound.
    silence_fill_s: a gap in the sound up to this long is filled with silence; a longer one is a jump of `pts_us`.
    packets_ms, packets_bytes: most that one record of coded packets holds.
    open_timeout_s, read_timeout_s: how long a network source may say nothing.
    reconnect_s: how long a lost network source is sought again before its session is ended.
    live_buffer_bytes: how much of a live source waits for the log before the oldest is dropped.
    log_patience_s: how long a file waits for a log that takes nothing before ingest gives up.
    heartbeat_s: how often ingest writes down where it is; another ingest of the stream waits three times as long.
    """

    fps: float = 10.0
    jpeg_quality: int = 85
    audio_record_ms: int = 500
    silence_fill_s: float = 10.0
    packets_ms: int = 1000
    packets_bytes: int = 900_000
    open_timeout_s: float = 10.0
    read_timeout_s: float = 10.0
    reconnect_s: float = 300.0
    live_buffer_bytes: int = 64 << 20
    log_patience_s: float = 120.0
    heartbeat_s: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.fps <= 240:
            raise ValueError(f"fps is {self.fps}: choose more than 0 and at most 240")
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality is {self.jpeg_quality}: choose 1 to 100")

    @property
    def identity(self) -> str:
        """The settings that decide a file's records, and so its session; changes with the code that makes them."""
        return (
            f"2 fps={self.fps:g} q={self.jpeg_quality} audio={self.audio_record_ms} "
            f"fill={self.silence_fill_s:g} packets={self.packets_ms}/{self.packets_bytes}"
        )
