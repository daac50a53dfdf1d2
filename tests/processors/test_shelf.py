import hashlib
from pathlib import Path

import pytest

from processors import shelf as module
from processors.choices import BACKENDS, choices, choose, wanted
from processors.shelf import Shelf, digest_of
from processors.weights import BY_NAME, CATALOG, Weights, WeightsFile


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Weights:
    """A catalog of one pair of files."""
    files = tuple(
        WeightsFile(f"pair/{name}", 3, hashlib.sha256(body).hexdigest(), f"o/r/c/{name}")
        for name, body in (("a", b"aaa"), ("b", b"bbb"))
    )
    pair = Weights("pair", "detections", "test", "none", files)
    monkeypatch.setattr(module, "BY_NAME", {"pair": pair})
    return pair


def test_the_catalog_says_everything_of_every_file() -> None:
    assert len(BY_NAME) == len(CATALOG)
    for weights in CATALOG:
        assert weights.files
        assert weights.licence
        assert weights.use
        for file in weights.files:
            assert len(file.sha256) == 64
            assert file.size_bytes > 0
            assert file.source == "" or len(file.source.split("/")[2]) == 40  # a whole commit: never moves


def test_every_backend_names_weights_of_the_catalog_and_ends_in_one_that_needs_nothing() -> None:
    for backends in BACKENDS.values():
        assert {w for b in backends for w in (*b.weights, *b.adds)} <= set(BY_NAME)
        assert not backends[-1].weights
        assert not backends[-1].packages


def test_the_builtin_profile_finds_nothing(tmp_path: Path, known: Weights) -> None:
    assert Shelf("builtin", tmp_path).find("pair") is None
    assert "builtin profile" in Shelf("builtin", tmp_path).missing("pair")


def test_no_folder_is_said_with_the_setting_that_names_one() -> None:
    assert Shelf("cpu").find("pair") is None
    assert "FRAMELOG_MODELS" in Shelf("cpu").missing("pair")


def test_weights_are_found_when_every_file_is_itself(tmp_path: Path, known: Weights) -> None:
    (tmp_path / "pair").mkdir()
    (tmp_path / "pair/a").write_bytes(b"aaa")
    shelf = Shelf("cpu", tmp_path)
    assert shelf.missing("pair") == f"pair/b not found in {tmp_path}: call `framelog models fetch`"
    (tmp_path / "pair/b").write_bytes(b"bb")
    assert "2 bytes instead of 3" in shelf.missing("pair")
    (tmp_path / "pair/b").write_bytes(b"bbx")
    assert "sha256" in shelf.missing("pair")
    assert shelf.find("pair") is None
    (tmp_path / "pair/b").write_bytes(b"bbb")
    assert shelf.find("pair") == tmp_path / "pair"
    assert shelf.model("pair", "1") == shelf.model("pair", "1")
    assert shelf.model("pair").sha256 == digest_of(tmp_path / "pair")


def test_a_name_that_the_catalog_does_not_know_is_the_users_own_file(tmp_path: Path) -> None:
    shelf = Shelf("cpu", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"mine.onnx not found"):
        shelf.model("mine.onnx")
    (tmp_path / "mine.onnx").write_bytes(b"net")
    assert shelf.find("mine.onnx") == tmp_path / "mine.onnx"
    assert shelf.model("mine.onnx", "2").sha256 == hashlib.sha256(b"net").hexdigest()
    assert shelf.model("mine.onnx", "2").name == "mine"


def test_without_weights_every_station_falls_back_and_says_why(tmp_path: Path) -> None:
    of = {c.station: c for c in choices(Shelf("cpu", tmp_path))}
    assert of["detections"].backend == "hog"
    assert of["detections"].weights == ()
    assert of["detections"].reason == (
        f"yolo11n_int8_320.onnx not found in {tmp_path}: call `framelog models fetch`"
    )
    assert of["speech"].backend == "pocketsphinx"
    assert of["utterances"].reason == "comes with the installed packages"
    assert "no address to download it from: put it in FRAMELOG_MODELS" in of["speech"].reason


def test_the_builtin_profile_is_a_choice_not_a_fault() -> None:
    assert {c.reason for c in choices(Shelf())} == {"the builtin profile: what the installed packages carry"}


@pytest.mark.media
def test_the_shared_weights_are_the_first_choice(cpu_shelf: Shelf) -> None:
    assert choose("detections", cpu_shelf).weights == ("yolo11n_int8_320.onnx",)
    assert choose("faces", cpu_shelf).weights == ("yunet_n_640_640.onnx", "faceapi_expression.onnx")
    assert choose("detections", cpu_shelf).reason == "first choice of the cpu profile"


@pytest.mark.media
def test_all_of_the_catalog_is_itself_in_the_shared_folder(cpu_shelf: Shelf) -> None:
    assert [why for w in CATALOG if (why := cpu_shelf.missing(w.name))] == []


def test_what_is_wanted_is_the_first_choice_that_is_missing_and_can_be_had(tmp_path: Path) -> None:
    names = [w.name for w in wanted(Shelf("cpu", tmp_path))]
    assert {"yolo11n_int8_320.onnx", "yunet_n_640_640.onnx"} <= set(names)
    assert "faceapi_expression.onnx" not in names  # converted by hand: no address holds it
    assert wanted(Shelf("builtin", tmp_path)) == ()
