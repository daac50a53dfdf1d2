"""A replay of the model-free stations, by stations of their own and in one process, against the clip's own length.

The platform stays up beside it, idle, as it would on a machine that serves live streams.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.state import read_state
from tests.bench.route import CLIP, played
from tests.fixtures_kafka import eventually

TARGET = 10.0
MODEL_FREE = "tracks"
# Of what it says on, no station has a model: tracks, emotions, fused, events, highlights.


def bench() -> Iterator[Mapping[str, object]]:
    """Rows of seconds of the clip for each second of work, from the first process to the last row."""
    testdata = Path(os.environ.get("FRAMELOG_TESTDATA", "../shared/testdata"))
    clip, weights = testdata / CLIP, Path(os.environ.get("FRAMELOG_MODELS", testdata / "models"))
    if not clip.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        env = os.environ | {"FRAMELOG_PORT": "0", "FRAMELOG_MODELS": str(weights)}
        framelog = [sys.executable, "-m", "deploy.cli"]
        with (data / "up.log").open("wb") as log:
            platform = subprocess.Popen([*framelog, "up", "--data", folder], env=env, stdout=log, stderr=log)
        try:
            eventually(lambda: platform.poll() is not None or read_state(data / "run").ready, 180)
            played(data, clip)
            for way in ([], ["--local"]):
                words = ["replay", "--stream", "bench", "--run", f"bench{len(way)}", "--from-station", MODEL_FREE]
                done = subprocess.run(
                    [*framelog, *words, *way, "--json", "--data", folder],
                    env=env, check=True, capture_output=True, text=True,
                )  # fmt: skip
                run = json.loads(done.stdout.splitlines()[-1])
                assert run["said"] == run["live"], "a replay that differs from live is worth no figure"
                length_s = run["said"]["fused"]["records"] - 1
                yield {
                    "what": f"replay from {MODEL_FREE} on, {' '.join(way) or 'own processes'}, rows too",
                    "ours": run["seconds"], "baseline": length_s, "unit": "s of work, s of stream",
                    "ratio": round(length_s / run["seconds"], 1), "target": TARGET,
                }  # fmt: skip
        finally:
            platform.terminate()
            platform.wait(90)


if __name__ == "__main__":
    for row in bench():
        print(row)
