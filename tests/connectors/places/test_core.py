"""The index from stream time to offsets against a look at every record."""

from itertools import accumulate
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.places import Mark, Missing, Places
from connectors.places.core import NEVER_US, lost
from tests.connectors.places.logged import STREAM, Line, lay, noticed

S = 1_000_000
TIMES = st.lists(st.sampled_from([1, 40_000, 100_000, 500_000, S, 2 * S, 11 * S, 35 * S]), max_size=40).map(
    lambda steps: list(accumulate(steps))
)


@st.composite
def told(draw: st.DrawFn) -> tuple[list[Line], Places]:
    """A log, and an index that has read some of its notices and some of its records."""
    times = {noun: draw(TIMES) for noun in ("frames", "audio", "packets")}
    lines = lay(times, first=draw(st.integers(0, 5)), gap=draw(st.integers(1, 4)))
    notices = noticed(lines)
    known = Places(notices[: draw(st.integers(0, len(notices)))])
    for noun in times:
        of = [x for x in lines if x.ref.topic == f"t.{noun}"]
        for line in of[draw(st.integers(0, len(of))) :]:
            known.saw(line.ref.topic, line.ref.partition, line.ref.offset, line.record)
    return lines, known


def test_of_a_stream_that_nobody_spoke_of_nothing_is_known() -> None:
    places = Places()
    assert places.sessions() == ()
    assert places.session("door") is None
    assert places.before("door", "e", "t.frames", 0) is None
    assert places.after("door", "e", "t.frames", 0) is None


@settings(max_examples=300, deadline=None)
@given(told(), st.integers(0, 60 * S))
def test_no_wanted_record_lies_outside_what_is_answered(case: tuple[list[Line], Places], t_us: int) -> None:
    lines, places = case
    for topic in {x.ref.topic for x in lines}:
        of = [x for x in lines if x.ref.topic == topic]
        wanted = [x.ref.offset for x in of if x.record.pts_us >= t_us]
        earlier = [x.ref.offset for x in of if x.record.pts_us < t_us]
        begin = places.before(STREAM, "e", topic, t_us)
        stop = places.after(STREAM, "e", topic, t_us)
        assert begin is None or begin.offset in [x.ref.offset for x in of]
        assert begin is None or not wanted or begin.offset <= wanted[0]
        assert stop is None or not earlier or stop > earlier[-1]


@settings(max_examples=100, deadline=None)
@given(told(), st.integers(0, 60 * S), st.integers(0, 200))
def test_what_has_expired_is_missed_and_nothing_else_is(
    case: tuple[list[Line], Places], t_us: int, low: int
) -> None:
    lines, places = case
    for topic in {x.ref.topic for x in lines}:
        of = [x for x in lines if x.ref.topic == topic]
        left = next((x for x in of if x.ref.offset >= low), None)
        first = Mark(topic, 1, left.ref.offset, left.record.seq, left.record.pts_us, 0) if left else None
        found = lost(places.before(STREAM, "e", topic, t_us), low, first, topic, 1, t_us)
        gone = [x for x in of if x.ref.offset < low and x.record.pts_us >= t_us]
        if gone:
            assert isinstance(found, Missing)
            assert found.available == low
            assert found.available_us == (left.record.pts_us if left else None)
            assert found.wanted is None or found.wanted <= gone[0].ref.offset
            assert str(low) in str(found)
        elif found is not None:  # one record before `low` may have had this very time, for all that can be told
            assert first is None or first.pts_us >= t_us


def test_each_ten_seconds_are_found_by_themselves() -> None:
    lines = lay({"frames": [t * S // 10 for t in range(600)], "audio": [t * S // 2 for t in range(120)],
                 "packets": [t * S for t in range(60)]})  # fmt: skip
    places = Places(noticed(lines))
    frames = {x.record.pts_us: x.ref.offset for x in lines if x.ref.topic == "t.frames" and not x.record.end}
    for t_us in (0, 3 * S, 10 * S, 25 * S, 59 * S):
        begin = places.before(STREAM, "e", "t.frames", t_us)
        assert begin is not None
        assert begin.offset == frames[t_us // (10 * S) * 10 * S]
        stop = places.after(STREAM, "e", "t.frames", t_us)
        assert stop == (frames.get(-(-t_us // (10 * S)) * 10 * S) if t_us <= 50 * S else None)
    (session,) = places.sessions(STREAM)
    assert (session.first_us, session.ended) == (0, True)
    assert session.topics == ("t.audio", "t.frames", "t.packets")


def test_sessions_come_oldest_first_and_the_newest_is_the_one_meant() -> None:
    times: dict[str, Any] = {"frames": [0, S], "audio": [], "packets": [0]}
    first, second = lay(times, "a"), lay(times, "b", first=100)
    places = Places([*noticed(first), *noticed(second)[:1]])
    assert [(s.session_id, s.ended) for s in places.sessions(STREAM)] == [("a", True), ("b", False)]
    newest = places.session(STREAM)
    assert newest is not None
    assert newest.session_id == "b"
    assert places.session(STREAM, "a") != newest
    assert places.session("yard") is None


def test_the_end_mark_bounds_a_session_whose_records_were_read() -> None:
    lines = lay({"frames": [0, S, 2 * S]}, gap=5)
    places = Places()
    for line in lines:
        places.saw(line.ref.topic, line.ref.partition, line.ref.offset, line.record)
    assert places.after(STREAM, "e", "t.frames", NEVER_US) == lines[-1].ref.offset + 1
