"""`framelog why` as a user calls it, over a real log and store: the tree, the files, and what has gone."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import cv2
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from tests.api.conftest import Told
from tests.story import S, picture

pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network]


def why(told: Told, *words: object, **env: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, told where log and store are."""
    connection = told.teller.connection
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FRAMELOG_")}
    kept |= {
        "FRAMELOG_KAFKA": connection.bootstrap, "FRAMELOG_REGISTRY": connection.registry_url,
        "FRAMELOG_PREFIX": connection.names.prefix, "FRAMELOG_CLICKHOUSE": told.store_url,
        "FRAMELOG_CLICKHOUSE_DATABASE": told.teller.database, "COLUMNS": "200",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "why", *map(str, words)], env=kept | env, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in run.stderr, run.stderr
    return run


def test_an_unknown_id_ends_in_one_line_that_says_where_ids_are(told: Told) -> None:
    for words in (("nobody",), (told.highlights[0].id, "--run", "other")):
        said = why(told, *words)
        assert (said.returncode, said.stdout) == (1, "")
        assert len(said.stderr.strip().splitlines()) == 1
        assert "framelog highlights --json" in said.stderr


def test_the_tree_leads_from_the_highlight_to_offsets_and_the_files_are_what_was_seen_and_heard(
    told: Told, tmp_path: Path
) -> None:
    said = why(told, told.highlights[2].id, "--out", tmp_path / "why")
    assert said.returncode == 0, said.stderr
    prefix = told.teller.connection.names.prefix
    for line in ("highlights", "fused", "tracks × 10", "detections × 10", "frames × 10", "audio × 2",
                 "Applause and a happy face (score 0.93)", f"{prefix}.frames/", f"{prefix}.audio/"):  # fmt: skip
        assert line in said.stdout, line
    frame = (tmp_path / "why/frame.jpg").read_bytes()
    assert frame == picture(25 * S)
    boxes = cv2.imread(str(tmp_path / "why/frame-boxes.jpg"))
    assert boxes is not None
    assert (abs(boxes.astype(int) - cv2.imread(str(tmp_path / "why/frame.jpg"))) > 60).mean() > 0.01
    with wave.open(str(tmp_path / "why/sound.wav")) as file:
        assert file.getnframes() == 4 * 16_000
        assert any(file.readframes(16_000))


def test_the_log_alone_gives_the_same_chain_as_log_and_store(told: Told) -> None:
    both = json.loads(why(told, told.highlights[0].id, "--json").stdout)
    alone = why(told, told.highlights[0].id, "--json", FRAMELOG_CLICKHOUSE="http://127.0.0.1:9")
    assert "reading the log through" in alone.stderr
    assert alone.returncode == 0
    assert {n["key"]: n for n in json.loads(alone.stdout)["nodes"]} == {n["key"]: n for n in both["nodes"]}
    assert {n["state"] for n in both["nodes"]} == {"log", "there"}


def test_what_retention_has_deleted_is_marked_and_the_rest_is_still_told(told: Told, tmp_path: Path) -> None:
    connection = told.teller.connection
    admin = AdminClient(connection.confluent())
    gone = [
        TopicPartition(f"{connection.names.prefix}.{noun}", n, -1)
        for noun in ("frames", "tracks")
        for n in range(2)
    ]
    for future in admin.delete_records(gone).values():
        future.result()
    chain = json.loads(why(told, told.highlights[2].id, "--json").stdout)
    state = {
        noun: {n["state"] for n in chain["nodes"] if n["noun"] == noun} for noun in ("tracks", "frames", "sounds")
    }
    assert state == {"tracks": {"store"}, "frames": {"missing"}, "sounds": {"log"}}
    said = why(told, told.highlights[2].id, "--out", tmp_path)
    assert said.returncode == 3
    assert "deleted by retention: the log begins at" in said.stdout
    assert "have gone" in said.stderr
    assert not (tmp_path / "frame.jpg").exists()
    assert (tmp_path / "sound.wav").exists()
