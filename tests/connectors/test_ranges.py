from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.ranges import Lane, Span, announced_end, announcement


def lane(start: int = 0, announced: int | None = None) -> Lane:
    return Lane("t", 1, start, announced)


def test_nothing_is_due_where_nothing_was_taken() -> None:
    assert not lane().due(1e9, 1, 0)


def test_a_span_is_due_when_it_is_full_or_old() -> None:
    made = lane()
    made.take(0, "a", now_s=10)
    assert not made.due(10.9, max_rows=2, linger_s=1)
    assert made.due(11.0, max_rows=2, linger_s=1)
    made.take(1, "b", now_s=10.1)
    assert made.due(10.1, max_rows=2, linger_s=1)


def test_a_span_names_itself_the_same_for_ever() -> None:
    assert Span("t", 1, 5, 9).token("fused") == "fused:t:1:5-9"


def test_an_announced_span_is_cut_at_its_end_however_much_is_there() -> None:
    made = lane(start=5, announced=7)
    made.take(5, "a", 0)
    assert not made.due(1e9, 1, 0), "its end has not been read"
    for offset in range(6, 10):
        made.take(offset, f"{offset}", 0)
    assert made.cut(100, 0) == Span("t", 1, 5, 7, ("a", "6"))
    made.written()
    assert made.cut(100, 0) == Span("t", 1, 7, 10, ("7", "8", "9"))


def test_a_record_read_twice_is_taken_once() -> None:
    made = lane()
    for offset in [0, 1, 0, 1, 2]:
        made.take(offset, offset, 0)
    assert made.cut(100, 0).rows == (0, 1, 2)


def test_missing_offsets_are_counted_and_do_not_stop_an_announced_span() -> None:
    made = lane(start=5, announced=9)
    assert made.take(20, "x", 0) == 15
    assert made.due(0, 10, 10)
    assert made.cut(100, 0) == Span("t", 1, 5, 9, ())
    made.written()
    assert made.cut(100, 0) == Span("t", 1, 9, 21, ("x",))


def test_a_record_without_a_row_moves_the_span_on() -> None:
    made = lane()
    made.take(0, None, 0)
    assert made.due(1, 10, 1)
    assert made.cut(10, 1) == Span("t", 1, 0, 1, ())


def test_nothing_is_closed_while_a_span_is_cut_and_not_written() -> None:
    made = lane()
    seen = [made.closed]
    made.take(0, "a", 0)
    made.cut(10, 0)
    seen.append(made.closed)
    made.take(1, "b", 0)
    assert not made.due(1e9, 1, 0)
    made.written()
    assert [*seen, made.closed] == [0, None, 1]
    assert lane(start=3, announced=4).closed is None


def test_what_a_commit_announces_is_read_back() -> None:
    assert announced_end(announcement(17)) == 17
    assert [announced_end(m) for m in (None, "", "other", "framelog:", "framelog:x")] == [None] * 5


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60), st.integers(1, 7))
def test_spans_join_without_gap_and_hold_every_row_once(steps: list[tuple[int, bool]], max_rows: int) -> None:
    made, offset, spans, rows = lane(), 0, [], []
    for skip, has_row in steps:
        offset += skip
        made.take(offset, offset if has_row else None, 0)
        rows += [offset] * has_row
        offset += 1
        if made.due(0, max_rows, 1e9):
            spans.append(made.cut(max_rows, 0))
            made.written()
    while made.due(1e9, max_rows, 0):
        spans.append(made.cut(max_rows, 0))
        made.written()
    assert [row for span in spans for row in span.rows] == rows
    assert all(a.end == b.start for a, b in pairwise(spans))
    assert all(len(span.rows) <= max_rows for span in spans)
    assert made.closed == (offset if steps else 0)
