"""Byte ranges as RFC 9110 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ranges import Span, Unsatisfiable, matches, wanted

WHOLE = [None, "", "bytes=", "bytes=-", "items=0-5", "bytes=0-1,5-6", "bytes=5-2", "bytes=a-b", "nonsense"]
PARTS = [
    ("bytes=0-0", Span(0, 1)), ("bytes=0-9", Span(0, 10)), ("bytes=0-99", Span(0, 10)), ("bytes=3-", Span(3, 10)),
    ("bytes=-4", Span(6, 10)), ("bytes=-40", Span(0, 10)), ("bytes=9-9", Span(9, 10)),
]  # fmt: skip


@pytest.mark.parametrize("header", WHOLE)
def test_what_is_no_single_range_asks_for_all(header: str | None) -> None:
    assert wanted(header, 10) is None


@pytest.mark.parametrize(("header", "span"), PARTS)
def test_a_range_is_cut_to_the_object(header: str, span: Span) -> None:
    assert wanted(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted(header, 10)


@given(st.integers(1, 1000), st.integers(0, 2000), st.integers(0, 2000))
def test_a_range_lies_within_the_object(size: int, first: int, last: int) -> None:
    try:
        span = wanted(f"bytes={first}-{last}", size)
    except Unsatisfiable:
        assert first >= size
        return
    assert span is None or 0 <= span.start < span.stop <= size


def test_a_version_that_the_client_has_is_told_by_weak_comparison() -> None:
    assert matches('"a", W/"b"', '"b"')
    assert matches("*", '"b"')
    assert not matches(None, '"b"')
    assert not matches('"a"', '"b"')
