from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.utterances.cutter import Cutter, Rules, Span, feed, finish

RULES = Rules(start=0.5, stop=0.35, voiced=3, silence=8, pad=3, longest=60, tick=20)

# Probabilities as they come: stretches of one level, not white noise, so that long speech and long silence occur.
stretches = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.4, 0.45, 0.5, 0.9, 1.0]), st.integers(1, 70)), max_size=12
)
chances = stretches.map(lambda parts: [level for level, length in parts for _ in range(length)])
rules = st.builds(
    lambda voiced, pad, more, longest, tick: Rules(
        start=0.5,
        stop=0.35,
        voiced=voiced,
        silence=2 * pad + more,
        pad=pad,
        longest=2 * (4 * pad + more + voiced) + longest,
        tick=tick,
    ),
    st.integers(1, 6), st.integers(0, 5), st.integers(1, 12), st.integers(0, 200), st.integers(1, 40),
)  # fmt: skip


def spans_of(levels: list[float], rules: Rules) -> list[Span]:
    cutter, said = feed(Cutter(), levels, rules)
    return [*said, *finish(cutter, rules)]


@pytest.mark.parametrize(
    ("levels", "speech"),
    [
        ([], []),
        ([0.0] * 100, []),
        ([0.0] * 10 + [0.9] * 2 + [0.0] * 30, []),  # a click
        ([0.0] * 10 + [0.9] * 10 + [0.0] * 30, [Span(7, 23, "pause")]),
        ([0.9] * 10 + [0.0] * 30, [Span(0, 13, "pause")]),  # no room for the pad before
        ([0.0] * 10 + [0.9] * 10, [Span(7, 20, "end")]),
        ([0.0] * 10 + [0.9] * 10 + [0.0] * 5, [Span(7, 23, "end")]),
        ([0.0] * 10 + [0.9] * 10 + [0.0] * 7 + [0.9] * 10 + [0.0] * 20, [Span(7, 40, "pause")]),  # a breath
        ([0.0] * 10 + [0.9] * 10 + [0.4] * 20 + [0.0] * 20, [Span(7, 43, "pause")]),  # hysteresis
        ([0.4] * 300, []),  # never beyond doubt
        ([0.9] * 40 + [0.0] * 6 + [0.9] * 40 + [0.0] * 20, [Span(0, 43, "length"), Span(43, 89, "pause")]),
    ],
)
def test_speech_begins_with_voice_and_ends_with_a_pause(levels: list[float], speech: list[Span]) -> None:
    assert [s for s in spans_of(levels, RULES) if s.speech] == speech


@given(chances, rules)
def test_spans_lie_end_to_end_over_all_windows(levels: list[float], rules: Rules) -> None:
    spans = spans_of(levels, rules)
    borders = [0, *(s.end for s in spans)]
    assert [s.begin for s in spans] == borders[:-1]
    assert all(s.begin < s.end for s in spans)
    assert borders[-1] == len(levels)


@given(chances, rules)
def test_no_utterance_is_longer_than_allowed(levels: list[float], rules: Rules) -> None:
    assert all(s.end - s.begin <= rules.longest + rules.pad for s in spans_of(levels, rules) if s.speech)


@given(chances, rules)
def test_what_is_told_never_reaches_into_what_may_still_be_claimed(levels: list[float], rules: Rules) -> None:
    cutter = Cutter()
    for level in levels:
        cutter, spans = feed(cutter, [level], rules)
        assert cutter.told <= cutter.earliest(rules) <= cutter.count
        assert all(s.end <= cutter.told for s in spans)


@given(chances, rules, st.integers(1, 40))
def test_how_windows_are_grouped_changes_nothing(levels: list[float], rules: Rules, size: int) -> None:
    cutter = Cutter()
    said: list[Span] = []
    for at in range(0, len(levels), size):
        cutter, more = feed(cutter, levels[at : at + size], rules)
        said += more
    assert [*said, *finish(cutter, rules)] == spans_of(levels, rules)


@given(chances, rules)
def test_voice_that_is_no_click_is_in_an_utterance_and_silence_is_told_in_time(
    levels: list[float], rules: Rules
) -> None:
    spans = spans_of(levels, rules)
    run = 0
    for at, level in enumerate([*levels, 0.0]):
        if level >= rules.start:
            run += 1
            continue
        # Where speech was cut for its length, a rest shorter than an utterance may follow on either side.
        if run >= 3 * rules.voiced:
            assert any(s.speech and s.begin < at and s.end > at - run for s in spans)
        run = 0
    assert all(s.end - s.begin <= rules.tick + rules.longest + rules.silence for s in spans)


@given(chances, rules)
def test_what_is_kept_is_bounded(levels: list[float], rules: Rules) -> None:
    cutter = Cutter()
    for level in levels:
        cutter, _ = feed(cutter, [level], rules)
        assert len(cutter.chances) < rules.longest
        assert cutter.count - cutter.told <= rules.tick + rules.longest + rules.pad


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": 0.2}, {"stop": 0.0}, {"start": 1.5}, {"voiced": 0}, {"tick": 0}, {"pad": -1}, {"silence": 5},
        {"longest": 20},
    ],
)  # fmt: skip
def test_rules_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"speech must|one window|no room|hold no"):
        replace(RULES, **wrong)  # type: ignore[arg-type]
