"""A station is stalled when its input waits and it says nothing; not when it merely speaks seldom."""

import os
import subprocess
import sys

import pytest

from deploy.health import Work, losses, part_rows, stalled, station_rows
from deploy.state import Part, State

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
    assert losses({("t", 0): (at, note)}, {("t", 0): low}) == (lost, spoilt, "")
    (row,) = station_rows([Work("faces", 0, 1.0, 0.0, lost, spoilt)], STALL_S)
    assert row["state"] == "ok"
    assert (f"{lost} records were deleted" in row["says"]) == (lost > 0)
    assert ("dead letters from cam" in row["says"]) == bool(spoilt)


def test_a_part_whose_process_has_gone_is_dead_whatever_the_file_says() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    state = State(True, os.getpid(), 1, {"kafka": Part("ready", gone.pid, 2), "api": Part("ready", os.getpid())})
    kafka, api = part_rows(state)
    assert (kafka["state"], kafka["pid"], kafka["restarts"]) == ("dead", None, 2)
    assert (api["state"], api["pid"]) == ("ready", os.getpid())
    assert part_rows(State()) == []


def test_who_waits_for_what_is_away_is_not_well_and_says_so_at_once() -> None:
    notes = {
        ("packets", 0): (9, '{"waits_for": "the object store is away"}'),
        ("packets", 1): (9, ""),
        ("h", 0): (None, ""),
    }
    told = losses(notes, dict.fromkeys(notes, 0))
    assert told == (0, (), "the object store is away")
    (row,) = station_rows([Work("clips", 2, 1.0, 3.0, *told)], STALL_S)
    assert row["state"] == "stalled"
    assert row["says"] == "lag 2; the object store is away"
