"""Every tunable can be set in the file and by environment, is documented, and refuses nonsense by name."""

from pathlib import Path

import pytest

from deploy.tunables import BadTunable, load, tunables
from processors.build import default_config
from topics.route import STATIONS


def test_without_file_and_environment_every_station_has_its_defaults(tmp_path: Path) -> None:
    assert load(STATIONS, {}, tmp_path / "none.toml") == {name: default_config(name) for name in STATIONS}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "framelog.toml"
    file.write_text("[highlights]\ncooldown_s = 8\nbudget = 3\n")
    config = load(["highlights"], {"FRAMELOG_HIGHLIGHTS__COOLDOWN_S": "9.5"}, file)["highlights"]
    assert (config.cooldown_s, config.budget) == (9.5, 3)


def test_inner_tunables_are_reached_by_their_path(tmp_path: Path) -> None:
    named = [t for t in tunables(default_config("events"), "events") if t.path.count(".") > 1]
    assert named
    first = named[0]
    config = load(["events"], {first.variable: str(first.default)}, tmp_path / "none")["events"]
    assert config == default_config("events")


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("FRAMELOG_HIGHLIGHTS__COOLDWON_S", "1", "no such setting: highlights.cooldwon_s; there is "),
        ("FRAMELOG_HIGHLIGHTS__COOLDOWN_S", "soon", r"highlights\.cooldown_s: "),
        ("FRAMELOG_HIGHLIGHTS__OPEN", "7", "keep and open"),
    ],
)
def test_nonsense_is_refused_by_name(key: str, value: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(BadTunable, match=why):
        load(["highlights"], {key: value}, tmp_path / "none")


@pytest.mark.parametrize("value", ["7", "-0.1"])
def test_a_share_that_is_none_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(BadTunable, match=rf"detections.min_score: {value} is not between 0 and 1"):
        load(["detections"], {"FRAMELOG_DETECTIONS__MIN_SCORE": value}, tmp_path / "none")
    for fine in ("0", "1", "0.5"):
        assert load(["detections"], {"FRAMELOG_DETECTIONS__MIN_SCORE": fine}, tmp_path / "none")


@pytest.mark.parametrize("station", STATIONS)
def test_every_tunable_says_what_it_means(station: str) -> None:
    silent = [t.path for t in tunables(default_config(station), station) if not t.meaning]
    assert not silent
