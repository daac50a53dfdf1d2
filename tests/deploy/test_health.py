"""A station is stalled when its input waits and it says nothing; not when it merely speaks seldom."""

import pytest

from deploy.health import Work, losses, stalled, station_rows

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


@pytest.mark.parametrize(
    ("at", "note", "low", "lost", "spoilt"),
    [
        (None, "", 0, 0, ()),
        (5, "", 5, 0, ()),
        (5, "", 9, 4, ()),
        (9, '{"lost": 4}', 9, 4, ()),
        (9, '{"lost": 4, "spoilt": ["cam"]}', 12, 7, ("cam",)),
    ],
    ids=["nothing yet", "all there", "lost while it is away", "lost before", "both, and a bad producer"],
)
def test_what_retention_took_and_who_brings_dead_letters_is_told(
    at: int | None, note: str, low: int, lost: int, spoilt: tuple[str, ...]
) -> None:
    assert losses({("t", 0): (at, note)}, {("t", 0): low}) == (lost, spoilt)
    (row,) = station_rows([Work("faces", 0, 1.0, 0.0, lost, spoilt)], STALL_S)
    assert row["state"] == "ok"
    assert (f"{lost} records were deleted" in row["says"]) == (lost > 0)
    assert ("dead letters from cam" in row["says"]) == bool(spoilt)
