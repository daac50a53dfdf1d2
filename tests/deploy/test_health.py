"""A station is stalled when its input waits and it says nothing; not when it merely speaks seldom."""

import pytest

from deploy.health import Work, stalled

STALL_S = 30.0


@pytest.mark.parametrize(
    ("work", "why"),
    [
        (Work("highlights", lag=0, said_s=None), ""),
        (Work("highlights", lag=0, said_s=9000), ""),
        (Work("highlights", lag=3, said_s=9000, waits_s=0.4), ""),
        (Work("detections", lag=900, said_s=1.0, waits_s=400), ""),
        (Work("detections", lag=5, said_s=None, waits_s=31), "has said nothing yet with 5 records waiting"),
        (Work("detections", lag=5, said_s=45, waits_s=31), "has said nothing for 45 s with 5 records waiting"),
    ],
    ids=["nothing to do", "long done", "speaks seldom", "far behind and at work", "never spoke", "fell silent"],
)
def test_who_is_stalled(work: Work, why: str) -> None:
    assert stalled(work, STALL_S) == why
