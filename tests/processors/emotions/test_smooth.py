import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.emotions.smooth import Scores, blended, held, smoothed

SAD: Scores = (("sadness", 1.0), ("happiness", 0.0))
HAPPY: Scores = (("sadness", 0.0), ("happiness", 1.0))


@pytest.mark.parametrize(
    ("old", "new", "passed_us", "wanted"),
    [
        ((), (), 100, ()),
        ((), HAPPY, 100, HAPPY),
        (SAD, (), 100, ()),
        (SAD, HAPPY, 0, SAD),
        (SAD, HAPPY, -5, SAD),
        (SAD, HAPPY, 300, (("sadness", 0.5), ("happiness", 0.5))),
        (SAD, HAPPY, 600, (("sadness", 0.25), ("happiness", 0.75))),
        ((("joy", 1.0),), HAPPY, 300, HAPPY),
    ],
    ids=["nothing", "first", "gone", "no time", "back", "half-life", "two", "other labels"],
)
def test_scores_move_half_the_way_in_a_half_life(old: Scores, new: Scores, passed_us: int, wanted: Scores) -> None:
    got = smoothed(old, new, passed_us, 300)
    assert [label for label, _ in got] == [label for label, _ in wanted]
    assert [s for _, s in got] == pytest.approx([s for _, s in wanted])


def test_without_a_half_life_the_new_scores_count_at_once() -> None:
    assert smoothed(SAD, HAPPY, 1, 0) == HAPPY


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_how_often_it_is_looked_at_changes_nothing(parts: list[int]) -> None:
    stepwise = SAD
    for part in parts:
        stepwise = smoothed(stepwise, HAPPY, part, 300)
    assert dict(stepwise)["happiness"] == pytest.approx(dict(smoothed(SAD, HAPPY, sum(parts), 300))["happiness"])


@pytest.mark.parametrize(
    ("current", "scores", "wanted"),
    [
        ("", (), ("", 0.0)),
        ("sadness", (), ("", 0.0)),
        ("", (("sadness", 0.4), ("happiness", 0.6)), ("happiness", 0.6)),
        ("sadness", (("sadness", 0.46), ("happiness", 0.54)), ("sadness", 0.46)),
        ("sadness", (("sadness", 0.4), ("happiness", 0.6)), ("happiness", 0.6)),
        ("joy", (("sadness", 0.5), ("happiness", 0.5)), ("sadness", 0.5)),
    ],
    ids=["nothing", "nothing any more", "first", "a little stronger", "stronger", "unknown, equal"],
)
def test_a_label_holds_until_another_is_stronger_by_the_margin(
    current: str, scores: Scores, wanted: tuple[str, float]
) -> None:
    assert held(current, scores, 0.1) == wanted


def test_a_voice_counts_by_its_weight_over_the_labels_in_common() -> None:
    assert blended((), {"happiness": 1.0}, 0.3) == ()
    assert blended(SAD, {}, 0.3) == SAD
    assert blended(SAD, {"calm": 1.0}, 0.3) == SAD
    assert dict(blended(SAD, {"happiness": 0.2, "calm": 0.8}, 0.3)) == pytest.approx(
        {"sadness": 0.7, "happiness": 0.3}
    )
