"""Runs as the API lists them."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from connectors.clickhouse.rows import Place, column_names, row
from connectors.runs.ledger import write
from connectors.runs.live import Setting, history, note
from connectors.runs.record import Outcome, Run, Used
from tests.api.conftest import Told
from topics.broker import ensure_topics
from topics.extent import Passage

pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network]


def test_without_a_replay_there_is_live(told: Told) -> None:
    assert [(r["name"], r["state"]) for r in told.get("/api/runs")] == [("live", "live")]


def test_a_replay_is_listed_with_its_record_and_rows_of_nobody_as_unknown(told: Told) -> None:
    ensure_topics(told.teller.connection)
    session = told.story.session_id
    run = Run(
        name="candidate", stream="stage", passages=(Passage("stage", session),), reaches=(),
        stations=("highlights",), own=("highlights",), profile="cpu",
        config={"highlights": {"cooldown_s": 1}}, models={"highlights": Used("rules", "1", "ab")}, build="b",
        who="ada",
        planned_at="2026-01-01T00:00:00Z", state="done", said={"highlights": Outcome(1, "d")},
        asked=("highlights.cooldown_s=1",), live={"highlights": Outcome(3, "e")}, rows={"highlights": "r"},
    )  # fmt: skip
    write(told.teller.connection, run)
    moved = replace(told.highlights[0], title="Moved")
    for n, name in enumerate(("candidate", "forgotten")):
        rows = [row("highlights", name, moved, Place("nowhere", 0, n, 0))]
        told.teller.store.insert(
            "highlights", rows, column_names=column_names("highlights"), database=f"{told.teller.database}_log"
        )
    live, candidate, forgotten = told.get("/api/runs")
    assert (live["name"], forgotten["name"], forgotten["state"]) == ("live", "forgotten", "unknown")
    assert candidate | {"build": ""} == {
        "name": "candidate", "state": "done", "stream_id": "stage", "sessions": [session],
        "stations": ["highlights"], "planned_at": "2026-01-01T00:00:00Z", "finished_at": "", "who": "ada",
        "build": "", "records": {"highlights": 1},
    }  # fmt: skip
    record = told.get("/api/runs/candidate")
    assert (record["profile"], record["state"], record["asked"]) == ("cpu", "done", ["highlights.cooldown_s=1"])
    assert record["parts"] == [{"stream_id": "stage", "session_id": session, "from_us": None, "until_us": None}]
    assert record["config"] == {"highlights": {"cooldown_s": 1}}
    assert record["nouns"] == [
        {"noun": "highlights", "records": 1, "digest": "d", "live": "differs", "live_records": 3, "rows": "r",
         "model": "rules", "model_version": "1", "model_sha256": "ab"}
    ]  # fmt: skip
    assert record["held"] == []
    refused = told.client.get("/api/runs/forgotten")
    assert (refused.status_code, refused.json()["detail"]) == (404, "nothing is written down of a run forgotten")
    assert [h["title"] for h in told.get("/api/highlights", run="candidate")] == ["Moved"]
    why = told.get(f"/api/why/{moved.id}", run="candidate")
    assert [n["run"] for n in why["nodes"] if n["noun"] in ("highlights", "fused")] == ["candidate"] + ["live"] * 3


def test_live_tells_what_it_ran_with_and_from_when(told: Told) -> None:
    connection = told.teller.connection
    ensure_topics(connection)
    silent = told.client.get("/api/runs/live")
    assert (silent.status_code, silent.json()["detail"]) == (404, "nothing is written down of what live ran with")
    first = Setting(
        station="detections", profile="cpu", config={"min_score": 0.2}, model=Used("yolo", "1", "ab"), build="b"
    )
    note(connection, [first], "ada@here")
    since_ms = history(connection)["detections"][0].since_ms
    change = {"config": {"min_score": 0.5}, "asked": ("detections.min_score=0.5",)}
    note(connection, [msgspec.structs.replace(first, **change)])
    record = told.get("/api/runs/live")
    assert (record["name"], record["state"], record["profile"], record["nouns"]) == ("live", "live", "cpu", [])
    assert record["config"] == {"detections": {"min_score": 0.5}}
    assert record["asked"] == ["detections.min_score=0.5"]
    before, now = record["held"]
    assert (before["who"], before["config"], before["until"]) == ("ada@here", {"min_score": 0.2}, now["since"])
    assert (now["until"], now["model"], now["model_sha256"]) == ("", "yolo", "ab")
    assert told.get("/api/runs")[0]["build"] == "b"
    then = datetime.fromtimestamp(since_ms / 1000, UTC).isoformat()
    was = told.get("/api/runs/live", as_of=then)
    assert (was["config"], len(was["held"])) == ({"detections": {"min_score": 0.2}}, 1)
    assert told.client.get("/api/runs/live", params={"as_of": "2001-01-01"}).status_code == 404
    assert told.client.get("/api/runs/live", params={"as_of": "yesterday"}).status_code == 422
