"""Sound as the log holds it: 16 kHz, mono, signed 16 bit, in records of one length, placed by counting."""

from collections.abc import Iterator
from typing import Any

from connectors.sources.items import Sound

RATE_HZ = 16_000
BYTES = 2
# Timestamps rounded to milliseconds jitter by 1 ms, RTP senders by 20: less than this is no gap.
TOLERANCE_US = 40_000


class Chunks:
    """Cuts runs of samples into records of `record` samples without gap or overlap.

    Samples are placed by their number from stream time 0. What comes before 0 or overlaps is cut off. A gap, also
    the one before the first sample, of up to `fill` samples becomes silence; after a longer one the record at hand
    is filled up with silence and the next starts where the sound starts again.
    """

    def __init__(self, record: int = RATE_HZ // 2, fill: int = 10 * RATE_HZ) -> None:
        self._record = record
        self._fill = fill
        self._buffer = bytearray()
        self._start = 0

    @property
    def end(self) -> int:
        """Number of the first sample that is not yet there."""
        return self._start + len(self._buffer) // BYTES

    @property
    def full_at(self) -> int:
        """Number of the sample with which the record at hand is full, if no long gap comes before it."""
        return self._start + self._record

    def add(self, at: int, pcm: bytes) -> Iterator[Sound]:
        """Takes samples whose first is number `at`; gives the records that are full."""
        gap = at - self.end
        if gap > self._fill:
            if self._buffer:
                self._buffer.extend(bytes(self._record * BYTES - len(self._buffer)))
                yield from self._full()
            self._start = at
        elif gap > 0:
            self._buffer.extend(bytes(gap * BYTES))
        self._buffer.extend(pcm[max(0, -gap) * BYTES :])
        yield from self._full()

    def finish(self) -> Iterator[Sound]:
        """The last record, as short as it is."""
        if self._buffer:
            yield self._sound(bytes(self._buffer))
            self._start = self.end
            self._buffer.clear()

    def _full(self) -> Iterator[Sound]:
        size = self._record * BYTES
        while len(self._buffer) >= size:
            yield self._sound(bytes(self._buffer[:size]))
            del self._buffer[:size]
            self._start += self._record

    def _sound(self, pcm: bytes) -> Sound:
        return Sound(self._start * 1_000_000 // RATE_HZ, pcm)


class Listener:
    """Decoded sound of any format to records.

    Within a run samples are counted, so that rounded timestamps neither add nor lose any. Where the timestamps and
    the count differ by more than 40 ms a new run begins at the timestamp. Frames are kept until they fill a record
    and resampled together: a call for each costs three times as much (M: 45 ms, not 16, for 4,096 frames), and
    the samples are the same.
    """

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._resampler: Any = None
        self._held: Any = None
        self._shape: tuple[str, str, int] | None = None
        self._run_us = 0
        self._first = 0
        self._heard = 0
        self._at = 0

    def add(self, start_us: int | None, frame: Any) -> Iterator[Sound]:
        """Takes an `av.AudioFrame` that starts at a stream time (None: right after the last)."""
        rate_hz = frame.sample_rate
        shape = (frame.format.name, frame.layout.name, rate_hz)
        due_us = self._run_us + self._heard * 1_000_000 // rate_hz
        apart_us = 0 if start_us is None else abs(start_us - due_us)
        if shape != self._shape or apart_us > TOLERANCE_US:
            yield from self._drain()
            self._begin()
            self._run_us = start_us if start_us is not None else self._chunks.end * 1_000_000 // RATE_HZ
            self._first = self._at = (self._run_us * RATE_HZ + 500_000) // 1_000_000
            self._shape, self._heard = shape, 0
        self._heard += frame.samples
        yield from self._hold(frame)
        if self._first + self._heard * RATE_HZ // rate_hz >= self._chunks.full_at:
            yield from self._pass_on()

    def finish(self) -> Iterator[Sound]:
        """What is left, the last record as short as it is."""
        yield from self._drain()
        yield from self._chunks.finish()

    def _begin(self) -> None:
        from av.audio.fifo import AudioFifo
        from av.audio.resampler import AudioResampler

        self._resampler, self._held = AudioResampler(format="s16", layout="mono", rate=RATE_HZ), AudioFifo()

    def _hold(self, frame: Any) -> Iterator[Sound]:
        frame.pts = None  # a queue wants to count from 0; here the samples are what counts
        try:
            self._held.write(frame)
        except ValueError:  # another time base: a new connection, which says nothing of the samples
            yield from self._pass_on()
            self._held = type(self._held)()
            self._held.write(frame)

    def _pass_on(self) -> Iterator[Sound]:
        if (held := self._held.read()) is not None:
            yield from self._take(self._resampler.resample(held))

    def _drain(self) -> Iterator[Sound]:
        if self._resampler is not None:
            yield from self._pass_on()
            yield from self._take(self._resampler.resample(None))
            self._resampler, self._shape = None, None

    def _take(self, frames: list[Any]) -> Iterator[Sound]:
        for frame in frames:
            if frame is None:  # a resampler that has nothing to do hands back what it was given, also the None
                continue
            pcm = bytes(frame.planes[0])[: frame.samples * BYTES]
            yield from self._chunks.add(self._at, pcm)
            self._at += frame.samples
