"""Only time in which packets could have come counts as time in which they did not."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.clips.patience import GAP_S, Patience

STEPS = st.lists(st.tuples(st.floats(0.01, 30), st.sampled_from(["answered", "unread", "nothing"])), max_size=60)


def test_before_any_answer_nothing_is_over() -> None:
    patience = Patience(patience_s=5, since_s=0, answered_s=0)
    assert not patience.over(0, 2)
    assert not patience.over(0, 1_000)
    assert patience.without_s(0, 1_000) == 0


def test_it_is_over_when_the_log_answered_all_the_time_and_nothing_came() -> None:
    patience = Patience(patience_s=5, since_s=0, answered_s=0)
    for now_s in range(1, 7):
        patience.answered(now_s)
    assert patience.without_s(0, 6) == 6
    assert patience.over(0, 6)
    assert not patience.over(2, 6), "something came at 2"


def test_a_log_that_was_away_or_a_cutter_that_was_frozen_begins_anew() -> None:
    patience = Patience(patience_s=5, since_s=0, answered_s=0)
    patience.answered(1)
    assert not patience.over(0, 61), "away"
    patience.answered(61)
    assert patience.without_s(0, 62) == 1


def test_what_was_not_read_did_not_stay_away() -> None:
    patience = Patience(patience_s=5, since_s=0, answered_s=0)
    for now_s in range(1, 30):
        patience.answered(now_s)
        patience.unread(now_s)
    assert not patience.over(0, 30)


@given(steps=STEPS, moved=st.floats(0, 100))
def test_what_counts_is_never_more_than_the_last_stretch_of_answers(
    steps: list[tuple[float, str]], moved: float
) -> None:
    patience, now_s, begun, last = Patience(1, 0, 0), 0.0, 0.0, 0.0
    for after_s, what in steps:
        now_s += after_s
        if what == "answered":
            begun = now_s if now_s - last > GAP_S else begun
            last = now_s
            patience.answered(now_s)
        elif what == "unread":
            begun = now_s
            patience.unread(now_s)
        counted = patience.without_s(moved, now_s)
        assert counted <= max(0.0, now_s - max(begun, moved))
        assert counted == 0 or now_s - last <= GAP_S
