"""With neither broker nor store the API answers at once, says what is away and what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.store import Clickhouse
from connectors.objects import FolderStore
from topics.connection import Connection

pytestmark = pytest.mark.network
NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    state = tmp_path_factory.mktemp("run") / "state.json"
    state.write_text(
        '{"running": true, "parts": {"tracks": {"state": "failing", "since": 1700000000.0, "restarts": 4, '
        '"last_error": "no weights"}, "speech": {"state": "ready", "since": 1700000000.0}}}'
    )
    app = create_app(
        Connection(NOWHERE, f"http://{NOWHERE}"),
        Clickhouse(f"http://user:secret@{NOWHERE}"),
        FolderStore(state.parent),
        supervisor_state=state,
    )
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "part"),
    [("/api/streams", "clickhouse"), ("/api/highlights", "clickhouse"), ("/api/clips", "clickhouse"),
     ("/api/records/tracks", "clickhouse"), ("/api/clips/x.mp4", "clickhouse"),
     ("/api/lanes?stream=a&session=b&from_us=0&to_us=1", "clickhouse"), ("/api/topics", "broker"),
     ("/api/topics/framelog.tracks/last", "broker"), ("/api/route", "broker"),
     ("/api/frames/framelog.frames/0/0", "broker"), ("/api/frame?stream=a&session=b&pts_us=0", "broker")],
)  # fmt: skip
def test_a_part_that_is_away_is_a_503_that_names_it(lonely: TestClient, path: str, part: str) -> None:
    answer = lonely.get(path)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
    assert answer.json()["part"] == part
    assert answer.json()["do"]
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/api/records/unicorns", 404), ("/api/lanes?stream=a", 422), ("/api/streams/x", 404),
     ("/api/lanes?stream=a&session=b&from_us=5&to_us=5", 422), ("/api/records/tracks?limit=0", 422)],
)  # fmt: skip
def test_a_wrong_request_is_a_problem_that_says_what_to_do(lonely: TestClient, path: str, status: int) -> None:
    answer = lonely.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]
    assert answer.json()["do"]


def test_sql_is_judged_before_the_store_is_asked(lonely: TestClient) -> None:
    assert lonely.post("/api/sql", json={"query": "SELECT * FROM file('x')"}).status_code == 403
    assert lonely.post("/api/sql", json={"query": "SELECT 1"}).status_code == 503
    assert lonely.post("/api/sql", json={"query": "SELECT " + "1," * 20_000 + "1"}).status_code == 422


def test_it_lives_though_it_is_not_ready_and_names_every_part_with_its_error(lonely: TestClient) -> None:
    assert lonely.get("/healthz").status_code == 200
    answer = lonely.get("/readyz")
    assert answer.status_code == 503
    parts = {p["name"]: p for p in answer.json()["parts"]}
    assert not any(parts[name]["ok"] for name in ("broker", "live", "clickhouse", "tracks"))
    assert parts["tracks"]["why"] == "no weights (started again 4 times)"
    assert parts["tracks"]["since"] == "2023-11-14T22:13:20+00:00"
    assert parts["speech"]["ok"]
    assert all(p["do"] for p in parts.values() if not p["ok"])
    assert answer.json()["parts"][0]["ok"] is False


def test_metrics_say_what_is_up(lonely: TestClient) -> None:
    text = lonely.get("/metrics").text
    assert 'framelog_up{part="broker"} 0.0' in text
    assert 'framelog_up{part="speech"} 1.0' in text


def test_an_unbuilt_page_says_how_to_build_it(lonely: TestClient) -> None:
    assert "make setup" in lonely.get("/").text
    assert "/api/highlights" in lonely.get("/docs").text


def test_a_damaged_supervisor_file_is_told_and_no_crash(tmp_path: Path) -> None:
    from api.health import supervised

    (tmp_path / "state.json").write_text("{")
    assert [p.ok for p in supervised(tmp_path / "state.json")] == [False]
    assert list(supervised(tmp_path / "none.json")) == []
    assert list(supervised(None)) == []
