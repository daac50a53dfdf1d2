"""Which sessions are left for good."""

import pytest

from connectors.ends.config import Config
from connectors.ends.plan import Unended, why
from connectors.ingest.ledger import Spot

CONFIG = Config(idle_s=100, follow_s=10)
LEFT = Unended("cam", "s", 0, {"frames": Spot(0, 7, 7, 700_000)})
OVER = Unended("cam", "s", 0, {noun: Spot(0, 7, 7, 0, ended=True) for noun in ("frames", "audio", "packets")})


@pytest.mark.parametrize(
    ("session", "idle_s", "followed", "begun", "says"),
    [
        (OVER, 9999, True, True, ""),
        (LEFT, 0, False, False, ""),
        (LEFT, 99, False, False, ""),
        (LEFT, 100, False, False, "nothing was written for 100 s"),
        (LEFT, 9, True, False, ""),
        (LEFT, 10, True, False, "another session of this stream has begun"),
        (LEFT, 0, False, True, "ended for its producer"),
    ],
    ids=["over", "just written", "not yet", "idle", "followed, but still written", "followed", "half ended"],
)
def test_when_a_session_is_ended(session: Unended, idle_s: int, followed: bool, begun: bool, says: str) -> None:
    told = why(session, 5_000, 5_000 + idle_s * 1000, CONFIG, followed_by_ours=followed, begun=begun)
    assert told.startswith(says)
    assert bool(told) == bool(says)


def test_it_lacks_the_ends_that_did_not_come_and_is_as_far_as_its_records() -> None:
    assert LEFT.open == ("frames", "audio", "packets")
    more = LEFT.met("frames", Spot(0, 9, 8, 600_000)).met("audio", Spot(0, 3, 0, 0, ended=True))
    assert more.spots["frames"] == Spot(0, 9, 8, 700_000)  # time does not fall
    assert more.open == ("frames", "packets")
    assert more.met("frames", Spot(0, 12, 2, 0)).spots["frames"] == Spot(0, 12, 8, 700_000)  # a repeat


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="follow_s must be above 0 and at most idle_s"):
        Config(idle_s=1, follow_s=2)
