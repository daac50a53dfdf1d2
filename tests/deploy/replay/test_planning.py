"""What `--set` changes, and what it may not."""

import pytest

from connectors.runs.record import BadRun
from deploy.replay.planning import changes_of, configs


def test_nothing_changed_is_what_live_has() -> None:
    assert changes_of([]) == {}
    live = configs(["highlights"], {"FRAMELOG_HIGHLIGHTS__COOLDOWN_S": "3"}, [])
    assert live["highlights"].cooldown_s == 3


def test_values_are_json_where_they_can_be() -> None:
    words = ["detections.min_score=0.5", 'detections.classes=["person"]', "speech.backend=pocketsphinx"]
    assert changes_of(words) == {
        "detections": {"min_score": 0.5, "classes": ["person"]}, "speech": {"backend": "pocketsphinx"},
    }  # fmt: skip
    made = configs(["detections", "speech"], {"FRAMELOG_DETECTIONS__MIN_SCORE": "0.1"}, words)
    assert made["detections"].min_score == 0.5
    assert made["detections"].classes == ("person",)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["detections"], "STATION.TUNABLE=VALUE"),
        (["detections=1"], "STATION.TUNABLE=VALUE"),
        (["speech.beam=2"], "not among this run's stations"),
        (["detections.min_sorce=1"], "no such setting: detections.min_sorce"),
        (["detections.min_score=high"], "detections.min_score"),
    ],
)
def test_what_can_not_be_set_is_told(words: list[str], says: str) -> None:
    with pytest.raises(BadRun, match=says):
        configs(["detections"], {}, words)
