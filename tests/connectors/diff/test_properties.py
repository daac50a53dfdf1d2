"""What holds for every noun, whatever the runs say."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.diff.nouns import NOUNS
from connectors.diff.order import Said, together
from connectors.diff.spans import Span
from tests.connectors.diff.made import SESSIONS, SHUFFLED, S, found, measured

NAMES = [noun.name for noun in NOUNS]
MIRRORED = {"a": "b", "added": "lost", "added_rate": "lost_rate", "splits": "merges", "switches_a": "switches_b",
            "frames_only_a": "frames_only_b", "unanswered_a": "unanswered_b"}  # fmt: skip
MIRRORED |= {other: one for one, other in MIRRORED.items()}
quick = settings(max_examples=50, deadline=None)


@pytest.mark.parametrize("noun", NAMES)
def test_two_runs_that_say_nothing_agree_wholly(noun: str) -> None:
    m = measured(noun, [], [])
    assert m["agreement"] == 1
    assert {name for name, value in m.items() if value} == {"agreement"}


@pytest.mark.parametrize("noun", NAMES)
@quick
@given(data=st.data())
def test_a_run_does_not_differ_from_itself(noun: str, data: Any) -> None:
    a = data.draw(SESSIONS[noun])
    m, findings = measured(noun, a, a), found(noun, a, a)
    assert m["a"] == m["b"] == m["matched"] == m["equal"]
    assert m["added"] == m["lost"] == m["changed"] == m["close"] == 0
    assert findings.examples() == []
    assert not any(findings.bins.values())


@pytest.mark.parametrize("noun", NAMES)
@quick
@given(data=st.data())
def test_what_one_side_added_the_other_has_lost(noun: str, data: Any) -> None:
    a, b = data.draw(SESSIONS[noun]), data.draw(SESSIONS[noun])
    there, back = measured(noun, a, b), measured(noun, b, a)
    for name in set(there) - {"wer"}:
        assert there[name] == back[MIRRORED.get(name, name)], name


@pytest.mark.parametrize("noun", NAMES)
@quick
@given(data=st.data())
def test_the_sums_add_up(noun: str, data: Any) -> None:
    m = measured(noun, data.draw(SESSIONS[noun]), data.draw(SESSIONS[noun]))
    other = m.get("substituted", 0)
    assert m["matched"] == m["equal"] + m["close"] + m["changed"]
    assert (m["a"], m["b"]) == (m["matched"] + other + m["lost"], m["matched"] + other + m["added"])
    assert 0 <= m["agreement"] <= 1


@pytest.mark.parametrize("noun", sorted(SHUFFLED))
@quick
@given(data=st.data())
def test_the_order_of_things_in_a_frame_does_not_matter(noun: str, data: Any) -> None:
    a, b = data.draw(SESSIONS[noun]), data.draw(SESSIONS[noun])
    field = SHUFFLED[noun]
    mixed = [replace(r, **{field: tuple(data.draw(st.permutations(getattr(r, field))))}) for r in a]
    assert measured(noun, a, b) == measured(noun, mixed, b)


span = st.builds(lambda start, long: Span(start * S, (start + long) * S), st.integers(0, 30), st.integers(0, 5))
spans = st.lists(span, max_size=8)


def parts(data: Any, items: list[Span]) -> list[Said[Span]]:
    """The spans as records that hold one or several of them and promise no more than is true."""
    said, left = [], sorted(items)
    while left:
        take = data.draw(st.integers(0, len(left)))
        now, left = left[:take], left[take:]
        until = data.draw(st.integers(0, left[0].start_us)) if left else 0
        said.append(Said(tuple(now), until))
    return said


@quick
@given(a=spans, b=spans, data=st.data())
def test_how_spans_are_divided_into_records_does_not_matter(a: list[Span], b: list[Span], data: Any) -> None:
    def grouped(one: list[Said[Span]], other: list[Said[Span]]) -> list[tuple[list[Span], list[Span]]]:
        return [
            (sorted(x), sorted(y)) for x, y in together(iter(one), iter(other), join_us=S // 2, longest_us=12 * S)
        ]

    whole = grouped([Said(tuple(a), 0)], [Said(tuple(b), 0)])
    assert grouped(parts(data, a), parts(data, b)) == whole
    assert sorted(s for group in whole for s in group[0]) == sorted(a)
