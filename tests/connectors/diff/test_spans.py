"""Highlights, statements, sounds, windows."""

from dataclasses import replace
from typing import Any

from schemas.records import Event, Fused, Highlight, Hit, Model, Reason, Score, Sounds
from tests.connectors.diff.made import S, common, found, measured, spanned


def highlight(start_ds: int, length_ds: int, *kinds: str, score: float = 0.8, title: str = "t") -> Any:
    reasons = tuple(Reason(kind=k, weight=0.5, at_us=start_ds * S // 10, text=k) for k in kinds)
    return start_ds, length_ds, {"reasons": reasons, "score": score, "title": title}


def highlights(*spans: Any) -> list[Highlight]:
    made: list[Highlight] = spanned(Highlight, spans)
    return made


def test_a_highlight_that_is_gone_is_told_before_one_that_has_changed() -> None:
    a = highlights(highlight(0, 50, "crowd"), highlight(200, 50, "crowd"))
    b = highlights(highlight(0, 60, "loud_sound", score=0.5))
    m = measured("highlights", a, b)
    assert (m["lost"], m["added"], m["moved"], m["rescored"], m["reasons_changed"]) == (1, 0, 1, 1, 1)
    findings = found("highlights", a, b)
    (_, first), (_, second) = findings.examples()
    assert (first.kind, first.at_us) == ("lost", 20 * S)
    assert second.text == "−crowd; +loud_sound; begins as before, ends 1.00 s later; score 0.80 → 0.50"
    assert {second.a_id, second.b_id} == {"r0"}


def test_a_highlight_elsewhere_is_another_one() -> None:
    m = measured("highlights", highlights(highlight(0, 50)), highlights(highlight(45, 50)))
    assert (m["lost"], m["added"]) == (1, 1)


def test_of_two_that_overlap_alike_the_one_with_the_same_reasons_is_it() -> None:
    a = highlights(highlight(10, 40, "crowd"))
    b = highlights(highlight(0, 40, "loud_sound"), highlight(20, 40, "crowd"))
    m = measured("highlights", a, b)
    assert (m["matched"], m["added"], m["reasons_changed"]) == (1, 1, 0)


def test_a_statement_in_other_words_is_retold_and_one_for_other_rules_has_changed() -> None:
    def event(text: str, *kinds: str) -> list[Event]:
        hits = tuple(Hit(kind=k, score=0.5, at_us=0) for k in kinds)
        made: list[Event] = spanned(Event, [(0, 10, {"text": text, "hits": hits})])
        return made

    m = measured("events", event("A man."), event("A person."))
    assert (m["retold"], m["close"], m["changed"]) == (1, 1, 0)
    m = measured("events", event("A man.", "x"), event("A man.", "y"))
    assert (m["reasons_changed"], m["changed"], m["retold"]) == (1, 1, 0)
    assert measured("events", event(""), event("A man."))["added"] == 1


def sounds(*labels: str) -> list[Sounds]:
    """Half seconds with the sound of each letter in the words; `_` is silence."""
    return [
        Sounds(**common(n, n * S // 2, n * S // 2), start_us=n * S // 2, end_us=(n + 1) * S // 2,
               silence="_" in word, classes=tuple(Score(label=c, score=0.5) for c in word if c != "_"))
        for n, word in enumerate(labels)
    ]  # fmt: skip


def test_half_seconds_of_one_sound_are_one_span() -> None:
    m = measured("sounds", sounds("_", "_", "A", "AB", "A", "_"), sounds("_", "_", "A", "AB", "A", "_"))
    assert (m["a"], m["equal"]) == (4, 4)


def test_a_silence_that_is_broken_becomes_two() -> None:
    m = measured("sounds", sounds(*"_" * 20), sounds(*"_" * 12, "A", *"_" * 7))
    assert (m["a"], m["b"], m["moved"], m["added"]) == (1, 3, 1, 2)


def test_a_sound_is_the_same_in_capitals() -> None:
    assert measured("sounds", sounds("A", "A"), sounds("a", "a"))["matched"] == 1


def test_a_window_says_which_of_its_fields_differ() -> None:
    a = Fused(**common(0, 0, 0), end_us=S, persons_max=1, text="Hello.", sounds=(Score(label="Speech", score=1),))
    b = replace(a, persons_max=2, text="hello", sounds=(Score(label="speech", score=0.5),), model=Model(name="x"))
    m = measured("fused", [a], [b])
    assert {name: m[name] for name in m if name.endswith("_changed") and m[name]} == {"persons_changed": 1}
    [(_, example)] = found("fused", [a], [b]).examples()
    assert example.text == "persons 1 → 2"


def test_a_window_with_another_number_or_model_but_the_same_content_is_equal() -> None:
    a = Fused(**common(0, 0, 0), end_us=S, persons_max=1)
    assert measured("fused", [a], [replace(a, seq=7, id="other", model=Model(name="x"))])["equal"] == 1
