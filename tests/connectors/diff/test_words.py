"""Words: alignment and word error rate."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.diff.words import Spoken, aligned, normalised
from schemas.records import Speech, Word
from tests.connectors.diff.made import S, found, measured, spanned


def spoken(text: str, start_s: float = 0.0, each_s: float = 0.4) -> tuple[Word, ...]:
    return tuple(
        Word(text=w, start_us=int((start_s + n * each_s) * S), end_us=int((start_s + (n + 0.8) * each_s) * S))
        for n, w in enumerate(text.split())
    )


def said(*utterances: tuple[float, str]) -> list[Speech]:
    """Utterances with a pause of a second at least between them."""
    rows = []
    for start_s, text in utterances:
        words = spoken(text, start_s)
        end_us = words[-1].end_us if words else int((start_s + 1) * S)
        rows.append(
            (int(start_s * 10), 0, {"words": words, "text": text, "watermark_us": end_us, "end_us": end_us})
        )
    made = spanned(Speech, [(a, b, {"words": f["words"], "text": f["text"]}) for a, b, f in rows])
    return [replace(r, end_us=f["end_us"]) for r, (_, _, f) in zip(made, rows, strict=True)]


@pytest.mark.parametrize(
    ("text", "want"),
    [("", ""), ("Americans,", "americans"), ("don't", "don't"), ("'quoted'", "quoted"), ("—", ""), ("ﬁne", "fine"),
     ("STRASSE", "strasse"), ("Straße", "strasse")],
)  # fmt: skip
def test_words_are_compared_without_case_and_punctuation(text: str, want: str) -> None:
    assert normalised(text) == want


def test_word_error_rate_of_a_known_pair() -> None:
    a = said((0, "and so my fellow Americans ask not what your country can do for you"))
    b = said((0, "and my fellow American, ask not what your country can do for you all"))
    m = measured("speech", a, b)
    assert (m["a"], m["b"], m["lost"], m["substituted"], m["added"], m["edits"]) == (14, 14, 1, 1, 1, 3)
    assert m["wer"] == pytest.approx(3 / 14, abs=1e-6)


def test_of_equal_words_the_one_that_is_near_in_time_is_meant() -> None:
    a = said((0, "no no no"))
    b = [replace(a[0], words=a[0].words[2:])]
    findings = found("speech", a, b)
    [(_, example)] = findings.examples()
    assert [m.state for m in example.a] == ["lost", "lost", "same"]


def test_a_word_is_never_aligned_across_a_long_pause() -> None:
    m = measured("speech", said((0, "hello")), said((20, "hello")))
    assert (m["lost"], m["added"], m["matched"]) == (1, 1, 0)


def test_a_word_that_is_said_later_has_moved_and_another_confidence_is_only_counted() -> None:
    a = said((0, "one two three"))
    later = [replace(w, start_us=w.start_us + S // 2, end_us=w.end_us + S // 2) for w in a[0].words]
    m = measured("speech", a, [replace(a[0], words=(*a[0].words[:2], later[2]))])
    assert (m["moved"], m["equal"], m["wer"]) == (1, 2, 0)
    unsure = tuple(replace(w, confidence=0.2) for w in a[0].words)
    m = measured("speech", a, [replace(a[0], words=unsure)])
    assert (m["rescored"], m["changed"], m["close"]) == (3, 0, 3)


def test_an_utterance_that_was_not_answered_loses_its_words_and_is_counted() -> None:
    a = said((0, "one two"))
    m = measured("speech", a, [replace(a[0], words=(), text="", status="unavailable")])
    assert (m["unanswered_b"], m["lost"]) == (1, 2)


def test_a_text_without_times_is_spread_over_its_utterance() -> None:
    a = said((0, "one two"))
    m = measured("speech", a, [replace(a[0], words=())])
    assert (m["matched"], m["edits"]) == (2, 0)


words = st.lists(st.builds(lambda text, start: Spoken(text, text, start * S, start * S + S // 2, 1.0, ""),
                           st.sampled_from("abc"), st.integers(0, 9)), max_size=7)  # fmt: skip


def levenshtein(a: list[str], b: list[str]) -> int:
    """The textbook's recursion, as an oracle."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        levenshtein(a[1:], b[1:]) + (a[0] != b[0]), levenshtein(a[1:], b) + 1, levenshtein(a, b[1:]) + 1
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(words, words)
def test_no_alignment_needs_fewer_edits(a: list[Spoken], b: list[Spoken]) -> None:
    pairs = aligned(a, b)
    assert [x for x, _ in pairs if x] == a
    assert [y for _, y in pairs if y] == b
    edits = sum(x is None or y is None or x.plain != y.plain for x, y in pairs)
    assert edits == levenshtein([w.plain for w in a], [w.plain for w in b])
    assert aligned(b, a) == [(y, x) for x, y in pairs]


def test_a_stretch_of_speech_without_a_pause_is_cut_and_no_word_is_lost() -> None:
    a = said(*[(n * 4.0, "a b c d e f g h i j") for n in range(100)])
    m = measured("speech", a, a)
    assert (m["equal"], m["wer"]) == (1000, 0)
