"""Which frames are kept, and which packets need not be decoded for that."""

from fractions import Fraction

# Containers that count in milliseconds put a frame up to 0.5 ms before its true time.
EARLY_US = 1000
REMEMBERED = 256


class Sampler:
    """Keeps the first frame of each tick of a grid of `fps` ticks a second of stream time.

    A frame belongs to tick floor((pts_us + 1 ms) · fps). Depends on the stream times alone, so that a second run
    keeps the same frames; a variable frame rate gives what there is; a frame whose time runs back, or stands, is
    left out. So the times of kept frames rise strictly.
    """

    def __init__(self, fps: float) -> None:
        self._per_us = Fraction(fps).limit_denominator(10_000) / 1_000_000
        self._last = -1

    def tick(self, pts_us: int) -> int:
        """Number of the tick that a stream time belongs to."""
        return (pts_us + EARLY_US) * self._per_us.numerator // self._per_us.denominator

    def keep(self, pts_us: int) -> bool:
        """Whether the next frame in display order is kept."""
        tick = self.tick(pts_us)
        if tick <= self._last:
            return False
        self._last = tick
        return True


class Needed:
    """Says which packets have to be decoded so that every kept frame comes out as from a full decode.

    A packet that no other refers to is left out if a packet before it in time, seen already, has the same tick:
    then it cannot be its tick's first frame, whatever else comes.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._first: dict[int, int] = {}

    def decode(self, pts_us: int | None, disposable: bool) -> bool:
        """Whether the next packet in coding order must go to the decoder."""
        if pts_us is None:
            return True
        tick = self._sampler.tick(pts_us)
        first = self._first.get(tick)
        if first is not None and first < pts_us:
            return not disposable
        self._first[tick] = pts_us
        if len(self._first) > REMEMBERED:
            del self._first[min(self._first)]
        return True
