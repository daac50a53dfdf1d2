"""Digests tell apart what differs, and nothing else."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from connectors.runs.digest import Digests
from connectors.runs.record import Outcome
from schemas.records import Event

EVENTS = [
    Event(stream_id=s, session_id="x", seq=n, pts_us=n, text=f"{s}{n}", end=n == 3) for s in "ab" for n in range(4)
]


def digest(events: list[Event]) -> Outcome:
    made = Digests()
    for e in events:
        made.take("events", e, repr(e).encode())
    return made.outcome("events")


def test_nothing_said_has_a_digest_too() -> None:
    assert digest([]).records == 0
    assert digest([]) == digest([])


@given(st.permutations(range(8)))
def test_how_sessions_interleave_makes_no_difference(order: list[int]) -> None:
    a = iter(EVENTS[:4])
    b = iter(EVENTS[4:])
    mixed = [next(a) if n < 4 else next(b) for n in order]
    assert digest(mixed) == digest(EVENTS)


@given(st.integers(0, 7), st.text(min_size=1))
def test_one_other_byte_makes_another_digest(at: int, more: str) -> None:
    other = [replace(e, text=e.text + more) if n == at else e for n, e in enumerate(EVENTS)]
    assert digest(other) != digest(EVENTS)
    assert digest(other).records == digest(EVENTS).records


@given(st.integers(0, 7))
def test_repeats_are_left_out_and_counted(at: int) -> None:
    made = Digests()
    for n, e in enumerate(EVENTS):
        assert made.take("events", e, repr(e).encode())
        if n == at:
            assert not made.take("events", e, repr(e).encode())
    assert made.outcome("events") == digest(EVENTS)
    assert made.repeats == 1


def test_a_session_that_lacks_its_end_has_not_ended() -> None:
    made = Digests()
    for e in EVENTS[:7]:
        made.take("events", e, b"")
    assert made.ended == {("events", ("a", "x"))}
