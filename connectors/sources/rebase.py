"""Media time that jumps: joined files, cameras that set their clock, loops of a player."""

BACK_US = 500_000
CLOSE_US = 1_000_000


class Rebase:
    """Gives each packet a shift, so that a track whose decoding time jumps goes on where it stood.

    A step back of more than 0.5 s is a jump; smaller ones are left to the sampler and the sound, which drop what
    does not come after what they have. A step forward of more than `forward_us` is a jump too (live sources only:
    in a file a long pause is a pause). The second track to jump takes the first one's shift if that fits within
    1 s, so that picture and sound stay together.
    """

    def __init__(self, forward_us: int | None = None) -> None:
        self._forward_us = forward_us
        self._shifts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._newest = 0
        self.jumps = 0

    def shift(self, track: int, dts_us: int | None, duration_us: int) -> int:
        """What to add to the media times of the track's next packet, in µs."""
        shift = self._shifts.get(track, self._newest)
        if dts_us is None:
            return shift
        end = self._ends.get(track)
        if end is not None and self._jumped(dts_us + shift - end):
            if self._newest == shift or abs(dts_us + self._newest - end) > CLOSE_US:
                self._newest = max(self._ends.values()) - dts_us
                self.jumps += 1
            shift = self._newest
        self._shifts[track] = shift
        self._ends[track] = max(dts_us + shift + duration_us, self._ends.get(track, dts_us + shift))
        return shift

    def _jumped(self, step_us: int) -> bool:
        return step_us < -BACK_US or (self._forward_us is not None and step_us > self._forward_us)
