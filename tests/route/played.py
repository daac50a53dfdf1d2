"""One unkilled run of the shared clip through the whole platform, made once for all that compare with it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Played:
    """A data folder and the summary of the clip played on it."""

    data: Path
    summary: dict[str, Any]
    weights: Path


def demo(
    data: Path,
    source: Path,
    weights: Path | None,
    meanwhile: Callable[[subprocess.Popen[str]], None] = lambda _: None,
) -> dict[str, Any]:
    """Plays a source through a platform of its own and gives back its summary."""
    extra = {"FRAMELOG_PORT": "0"} | ({"FRAMELOG_MODELS": str(weights)} if weights else {})
    words = [sys.executable, "-m", "deploy.cli", "demo", "--once", "--data", str(data), "--source", str(source)]
    with subprocess.Popen(
        words, env=os.environ | extra, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        try:
            meanwhile(run)
            said, _ = run.communicate(timeout=600)
        finally:
            if run.poll() is None:
                run.terminate()
    assert run.returncode == 0, said[-6000:]
    found: dict[str, Any] = json.loads((data / "summary.json").read_text())
    return found


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, testdata: Path) -> Played:
    """The shared clip, played with the cpu profile and nothing killed; FRAMELOG_TEST_PLAYED names a data folder
    where that was done already.
    """
    if given := os.environ.get("FRAMELOG_TEST_PLAYED"):
        return Played(Path(given), json.loads((Path(given) / "summary.json").read_text()), testdata / "models")
    data = tmp_path_factory.mktemp("demo")
    return Played(data, demo(data, testdata / "video/stream_shared.mp4", testdata / "models"), testdata / "models")
