"""From what is asked for to what is read."""

import pytest

from connectors.places import Session
from connectors.runs.plan import Asked, inputs, joined, own_nouns, passages, stations
from connectors.runs.record import BadRun, checked_name
from topics.extent import Passage
from topics.route import STATIONS

S = 1_000_000
KNOWN = [Session("door", "one", 0, 60 * S, True, ()), Session("door", "two", 0, 90 * S, False, ()),
         Session("yard", "three", 5 * S, 20 * S, True, ())]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked("hall"), "knows no stream 'hall'"),
        (Asked("door", session="three"), "its latest are: one, two"),
        (Asked("door", from_us=5 * S), "choose one with --session"),
        (Asked("yard", from_us=9 * S, until_us=9 * S), "is not before"),
        (Asked("yard", from_us=20 * S + 1), "goes from 5.00 to 20.00 s"),
        (Asked("yard", until_us=5 * S), "nothing of it lies"),
    ],
)
def test_what_can_not_be_replayed_is_told_with_what_there_is(asked: Asked, says: str) -> None:
    with pytest.raises(BadRun, match=says):
        passages(asked, KNOWN)


def test_a_stream_is_all_its_sessions_a_part_is_of_one() -> None:
    assert passages(Asked("door"), KNOWN) == (Passage("door", "one"), Passage("door", "two"))
    part = passages(Asked("yard", from_us=6 * S, until_us=10 * S), KNOWN)
    assert part == (Passage("yard", "three", 6 * S, 10 * S),)


def test_a_run_reads_what_it_does_not_say() -> None:
    whole = stations(Asked("door"))
    assert whole == STATIONS
    assert [t.noun for t in inputs(whole)] == ["frames", "audio", "packets"]
    late = stations(Asked("door", station="speech"))
    assert late == ("speech", "emotions", "fused", "events", "highlights")
    assert own_nouns(late) == late
    assert [t.noun for t in inputs(late)] == ["faces", "tracks", "utterances", "sounds"]


def test_of_a_part_of_a_session_nobody_says_how_the_stream_was() -> None:
    assert "streams" not in stations(Asked("yard", from_us=6 * S))


def test_the_last_station_reads_all_it_needs_from_live() -> None:
    assert stations(Asked("door", station="highlights")) == ("highlights",)
    assert [t.noun for t in inputs(("highlights",))] == ["fused", "events"]
    with pytest.raises(BadRun, match="no such station: 'clips'"):
        stations(Asked("door", station="clips"))


def test_stretches_of_one_partition_become_one() -> None:
    assert joined([]) == {}
    pieces = [(("frames", 0), 5, 9), (("frames", 0), 20, 30), (("audio", 0), 1, 2)]
    assert joined(pieces) == {("frames", 0): (5, 30), ("audio", 0): (1, 2)}


@pytest.mark.parametrize("name", ["", "live", "A", "a.b", "a/b", "-a", "x" * 64])
def test_names_that_would_spoil_topics_are_refused(name: str) -> None:
    with pytest.raises(BadRun, match="can not be called"):
        checked_name(name)
