"""Which highlights wait and where a successor goes on, against a look at every answer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.clips.lane import Lane, Place
from schemas.records import Highlight


def highlight(session: str, seq: int) -> Highlight:
    return Highlight(stream_id="s", session_id=session, seq=seq, pts_us=0)


def test_an_empty_lane_stands_at_the_beginning() -> None:
    assert Lane().heads() == []
    assert Lane().place() == Place(0, 0)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_killed_at_any_moment_each_is_answered_once_and_each_session_in_order(data: st.DataObject) -> None:
    sessions = data.draw(st.lists(st.sampled_from("abc"), max_size=25))
    log = [highlight(e, sessions[:n].count(e)) for n, e in enumerate(sessions)]
    output: list[tuple[int, Place]] = []

    def recovered() -> Lane:
        """What the tail of the output says, as `lane_of` reads it."""
        if not output:
            return Lane(end=0)
        place = output[-1][1]
        answered = {n: at for at, (n, _) in enumerate(output) if at >= place.since and n >= place.done}
        return Lane(next=place.done, end=len(output), answered=answered)

    lane = Lane()
    while len(output) < len(log):
        if data.draw(st.integers(0, 5)) == 0:
            lane = recovered()
        heads = lane.heads()
        if lane.next < len(log) and (not heads or data.draw(st.booleans())):
            lane.take(lane.next, log[lane.next], 0.0)
        elif heads:
            offset, found = data.draw(st.sampled_from(heads))
            output.append((offset, lane.place(offset)))
            if data.draw(st.integers(0, 5)) == 0:
                lane = recovered()  # written, and killed before it knew
            else:
                lane.answer(offset, found, len(output) - 1)
    assert sorted(n for n, _ in output) == list(range(len(log)))
    for e in "abc":
        mine = [n for n, _ in output if sessions[n] == e]
        assert mine == sorted(mine)
    lane = recovered()
    for offset in range(lane.next, len(log)):
        lane.take(offset, log[offset], 0.0)
    assert lane.heads() == []
    assert len(lane.answered) <= len(log)
