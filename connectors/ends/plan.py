"""Which sessions are left for good: pure, the log's own clock is handed in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connectors.ends.config import Config
from connectors.ingest.ledger import Spot
from connectors.ingest.tail import NOUNS


@dataclass(frozen=True, slots=True)
class Unended:
    """A session that some raw topic lacks the end of.

    spots: its last record by noun, missing where it has none.
    followed: noun and offset of the first record of another session that began on the stream after it, or None.
    """

    stream_id: str
    session_id: str
    partition: int
    spots: Mapping[str, Spot]
    followed: tuple[str, int] | None = None

    @property
    def open(self) -> tuple[str, ...]:
        """Nouns that lack their end."""
        return tuple(noun for noun in NOUNS if noun not in self.spots or not self.spots[noun].ended)

    def met(self, noun: str, spot: Spot) -> "Unended":
        """The same with one more record of it; what is not above the last seq is a repeat, but a sign of life."""
        before = self.spots.get(noun)
        if before is not None and spot.seq <= before.seq:
            spot = Spot(before.partition, spot.offset, before.seq, before.pts_us, before.ended)
        elif before is not None:
            spot = Spot(spot.partition, spot.offset, spot.seq, max(spot.pts_us, before.pts_us), spot.ended)
        return replace(self, spots={**self.spots, noun: spot})


def why(
    session: Unended, last_ms: int, now_ms: int, config: Config, *, followed_by_ours: bool, begun: bool = False
) -> str:
    """Why a session is to be ended now, empty if it is not. Times are those at which the log took records.

    `begun`: an earlier try was killed between the topics.
    """
    if not session.open:
        return ""
    idle_s = (now_ms - last_ms) / 1000
    if begun:
        return "ended for its producer, which did not do so"
    if followed_by_ours and idle_s >= config.follow_s:
        return "another session of this stream has begun, and nothing more came of this one"
    if idle_s >= config.idle_s:
        return f"nothing was written for {config.idle_s:.0f} s"
    return ""
