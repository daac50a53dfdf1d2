"""The example for foreign producers keeps the contract, with nothing of ours imported."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from schemas.records import Frame
from tests.connectors.ingest.logged import assert_whole, logged
from topics.connection import Connection

EXAMPLE = Path(__file__).parent.parent.parent / "examples/produce_stream.py"
OURS = {"schemas", "topics", "processors", "connectors", "api", "deploy", "tests"}


def imported() -> set[str]:
    tree = ast.parse(EXAMPLE.read_text())
    names = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return {name.split(".")[0] for name in names}


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_nothing_of_ours_is_imported() -> None:
    assert imported().isdisjoint(OURS)


def test_it_explains_itself() -> None:
    told = run("--help")
    assert told.returncode == 0
    assert "--stream" in told.stdout


@pytest.mark.kafka
def test_a_file_by_opencv_becomes_a_whole_session(clip: Any, connection: Connection) -> None:
    done = run(
        "--source", str(clip("a.mp4", seconds=3)), "--stream", "foreign", "--kafka", connection.bootstrap,
        "--registry", connection.registry_url, "--prefix", connection.names.prefix,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    found = logged(connection)
    assert_whole(found)
    assert [len(found[noun]) for noun in ("frames", "audio", "packets")] == [31, 1, 1]
    first = found["frames"][0]
    assert isinstance(first, Frame)
    pixels = cv2.imdecode(np.frombuffer(first.image, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert pixels.shape == (64, 96, 3)


def test_a_source_that_does_not_open_is_one_line() -> None:
    done = run("--source", "/nowhere.mp4", "--stream", "x")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("OpenCV cannot open /nowhere.mp4")
    assert "Traceback" not in done.stderr
