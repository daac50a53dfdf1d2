"""Whether a station shall stop because its input is bad: counted for each stream of a partition. Pure.

A stream is spoilt once too many of its last records could not be used. That is its producer's fault as long as
another stream of the partition is well: then the station goes on, its records are dead letters, and it is told.
Where no other stream vouches for the station, it may be the station that is wrong, and it stops.
"""

from collections.abc import Iterable

from topics.limit import Recent

STRANGERS = ""
# Streams of which no record could be used yet count as one: bytes without sense have keys without sense.
VOUCHES = 2000
# A stream vouches for the station for so many records of the partition after a good one of its own.
AT_START = 200
# For so many after a start those vouch that have a session open.


class Poison:
    """The limit of one partition. `spoilt` holds the streams that are over it, and what was wrong last; `verdict`
    says why the station shall stop, once nobody vouches for it. What was counted until then is handled all the
    same, so that each start gets a little farther and one stream's poison is behind us some day.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.spoilt: dict[str, str] = {}
        self.verdict = ""
        self._count = 0
        self._good_at = dict.fromkeys(known, AT_START - VOUCHES)
        self._recent: dict[str, Recent] = {}

    def count(self, stream: str, reason: str = "") -> None:
        """Takes the verdict on one record into account: bad if there is a reason."""
        self._count += 1
        if not reason:
            self._good(stream)
            return
        if stream not in self._good_at:
            stream = STRANGERS
        recent = self._recent.setdefault(stream, Recent())
        if not recent.count(True):
            return
        self.spoilt[stream] = reason
        if not any(
            other not in self.spoilt and self._count - at <= VOUCHES for other, at in self._good_at.items()
        ):
            self.verdict = self.verdict or (
                f"{recent}, of {f'stream {stream}' if stream else 'unknown streams'}, and no other stream of the "
                f"partition is any better: stopped, and nothing is lost. The last one: {reason}. They are in the "
                "dead letter topics; mend the producer or this build: it is tried again every minute"
            )

    def _good(self, stream: str) -> None:
        self._good_at[stream] = self._count
        if (recent := self._recent.get(stream)) is not None:
            recent.count(False)
            if recent.bad == 0:
                del self._recent[stream]
            if stream in self.spoilt and recent.bad <= recent.share * recent.window:
                del self.spoilt[stream]
        if len(self._good_at) > VOUCHES:
            late = self._count - VOUCHES
            self._good_at = {s: at for s, at in self._good_at.items() if at >= late or s in self._recent}
