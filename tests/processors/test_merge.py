"""The merge gives one order, whatever the interleaving."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.merge import Entry, Merge


def entry(at: int, pts_us: int, seq: int) -> Entry[str]:
    return Entry(pts_us, at, seq, f"{at}:{seq}")


def out(merge: Merge[str]) -> list[str]:
    return [e.what for e in merge.ready()]


def test_nothing_comes_out_of_nothing() -> None:
    assert out(Merge(0)) == out(Merge(3)) == []


def test_a_single_input_passes_straight_through() -> None:
    merge: Merge[str] = Merge(1)
    merge.push(entry(0, 5, 0), 5)
    assert out(merge) == ["0:0"]


def test_a_record_waits_until_every_other_input_has_passed_it_or_ended() -> None:
    merge: Merge[str] = Merge(3)
    merge.push(entry(0, 10, 0), 10)
    assert out(merge) == []
    merge.push(entry(1, 10, 0), 10)  # sorts behind input 0 at the same time
    assert out(merge) == []
    merge.push(entry(2, 0, 0), 0, end=True)
    assert out(merge) == ["2:0", "0:0"]
    merge.push(entry(0, 11, 1), 11)  # now nothing at 10 can come of input 0
    assert out(merge) == ["1:0"]


def test_a_watermark_ahead_of_its_record_lets_the_others_go() -> None:
    merge: Merge[str] = Merge(2)
    merge.push(entry(1, 0, 0), 100)
    merge.push(entry(0, 50, 0), 50)
    assert out(merge) == ["1:0", "0:0"]
    merge.push(entry(0, 100, 1), 100)
    assert out(merge) == ["0:1"]  # input 1 may still speak of 100, but sorts behind
    merge.push(entry(0, 101, 2), 101)
    assert out(merge) == []


def test_time_that_falls_within_an_input_is_refused() -> None:
    merge: Merge[str] = Merge(1)
    merge.push(entry(0, 5, 0), 7)
    with pytest.raises(ValueError, match="falls back from 7 to 6"):
        merge.push(entry(0, 6, 1), 6)


@st.composite
def inputs(draw: st.DrawFn) -> list[list[tuple[Entry[str], int, bool]]]:
    """Per input: entries with never falling times, watermarks between a time and the next, an end."""
    told = []
    for at in range(draw(st.integers(1, 4))):
        times = sorted(draw(st.lists(st.integers(0, 12), max_size=8)))
        later = [*times[1:], 13]
        spans = enumerate(zip(times, later, strict=False))
        spoken = [(entry(at, t, seq), draw(st.integers(t, until)), False) for seq, (t, until) in spans]
        told.append([*spoken, (entry(at, 13, len(times)), 13, True)])
    return told


@given(inputs(), st.data())
def test_any_interleaving_gives_the_order_of_time_then_input_then_seq(
    told: list[list[tuple[Entry[str], int, bool]]], data: st.DataObject
) -> None:
    merge: Merge[str] = Merge(len(told))
    queues, got = [list(q) for q in told], []
    while any(queues):
        at = data.draw(st.sampled_from([i for i, q in enumerate(queues) if q]))
        item, watermark_us, end = queues[at].pop(0)
        merge.push(item, watermark_us, end=end)
        got += out(merge)
    everything = [e for q in told for e, _, _ in q]
    assert got == [e.what for e in sorted(everything, key=lambda e: (e.pts_us, e.input, e.seq))]
