"""Stations by name."""

import subprocess
import sys
from dataclasses import fields

import pytest

from processors import fused, streams
from processors.build import build, default_config
from processors.shelf import Shelf
from topics.route import BY_STATION, STATIONS


@pytest.mark.parametrize("name", ["", "clips", "nothing"])
def test_a_name_that_is_no_station_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ValueError, match="choose one of streams, detections"):
        build(name, {}, None)


def test_a_station_gets_its_own_config_or_its_defaults() -> None:
    mine = fused.Config(window_s=2.0)
    assert build("fused", {"fused": mine}, None).config is mine  # type: ignore[union-attr]
    assert build("fused", {}, None).config == default_config("fused") == fused.Config()  # type: ignore[union-attr]


def test_the_config_of_another_station_is_refused() -> None:
    with pytest.raises(TypeError, match=r"config of fused must be processors\.fused\.core\.Config|got Config"):
        build("fused", {"fused": streams.Config()}, None)


def test_other_tunables_are_another_model_in_the_records() -> None:
    a, b = (build("fused", {"fused": fused.Config(window_s=s)}, None).model for s in (1.0, 2.0))
    assert a.sha256 != b.sha256
    assert a == build("fused", {}, None).model


def test_only_the_station_asked_for_is_imported() -> None:
    code = (
        "import sys; from processors.build import build; build('fused', {}, None);"
        "print([m for m in sys.modules if m.split('.')[0] in ('cv2', 'onnxruntime', 'faust')"
        " or m in ('processors.streams', 'processors.detections')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", STATIONS)
def test_every_station_of_the_route_can_be_made_without_weights(name: str) -> None:
    made = build(name, {}, Shelf("builtin"))
    assert made.model.name
    assert made.model == build(name, {}, Shelf("builtin")).model
    if BY_STATION[name].kind == "fold":
        assert isinstance(made.start("a", "b"), made.state)  # type: ignore[union-attr]
    else:
        assert made([]) == []  # type: ignore[operator]


@pytest.mark.parametrize("name", STATIONS)
def test_every_tunable_is_documented(name: str) -> None:
    config = default_config(name)
    for field in fields(config):
        assert field.name in (type(config).__doc__ or ""), field.name
