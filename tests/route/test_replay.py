"""A replay says what live said, to the byte, whoever is killed; it leaves live alone and can be taken away."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from connectors.clickhouse.schema import connect, digests
from connectors.runs.ledger import runs
from deploy.cli import app
from tests.connectors.clips.media import make
from tests.fixtures_kafka import eventually
from tests.route.replayed import Lab
from topics import catalog as c
from topics.names import Names
from topics.read import bounds, read
from topics.registry import Serde
from topics.route import STATIONS

pytestmark = [
    pytest.mark.kafka, pytest.mark.store, pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(400)
]  # fmt: skip


@pytest.fixture(scope="module")
def lab(replay_lab: Lab) -> Lab:
    """The log that all replays are of."""
    return replay_lab


@pytest.fixture(scope="module")
def whole(lab: Lab) -> dict[str, Any]:
    """A replay of all that there is of the stream, killed once on its way and begun again."""
    first = lab.start("replay", "--stream", "door", "--run", "whole")
    try:
        names = Names(lab.connection.names.prefix, "whole")
        topic = names.topic(c.DETECTIONS)
        admin = AdminClient(lab.connection.confluent())
        eventually(lambda: topic in admin.list_topics(timeout=20).topics, 120)
        eventually(lambda: sum(e for _, e in bounds(lab.connection, [topic]).values()) > 5, 120)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=60)
    shown = json.loads(lab.run("runs", "show", "whole", "--json"))
    assert shown["state"] in ("running", "done")
    return lab.replay("whole")


def test_a_replay_says_what_live_said_to_the_byte_although_it_was_killed(lab: Lab, whole: dict[str, Any]) -> None:
    assert whole["state"] == "done"
    assert set(whole["said"]) == set(STATIONS)
    assert whole["said"] == whole["live"]
    assert whole["said"]["detections"]["records"] == 61
    assert whole["models"]["detections"]["name"]


def test_what_live_ran_with_is_written_down_by_its_workers_once(lab: Lab, whole: dict[str, Any]) -> None:
    held = [json.loads(line) for line in lab.run("runs", "show", "live", "--json").splitlines()]
    assert [h["station"] for h in held] == list(STATIONS)
    assert {h["station"]: h["model"] for h in held} == whole["models"]
    assert {h["station"]: h["config"] for h in held} == whole["config"]
    assert {h["profile"] for h in held} == {"builtin"}
    again = lab.start("work", "fused", "events", "highlights")
    try:
        group = lab.connection.names.group("highlights")
        admin = AdminClient(lab.connection.confluent())
        eventually(lambda: bool(admin.describe_consumer_groups([group])[group].result().members), 120)
    finally:
        again.terminate()
        again.communicate(timeout=60)
    assert [json.loads(line) for line in lab.run("runs", "show", "live", "--json").splitlines()] == held


def test_its_rows_are_there_once_and_under_its_name(lab: Lab, whole: dict[str, Any]) -> None:
    with connect(lab.store) as store:
        for noun, said in whole["said"].items():
            counted = store.query(
                f"SELECT count() FROM {lab.store.databases.log}.{noun} WHERE run = 'whole'"
            ).first_row[0]
            assert counted == said["records"], noun
        assert digests(store, "whole", lab.store.databases, list(whole["rows"])) == whole["rows"]
        raw = store.query(f"SELECT count() FROM {lab.store.databases.log}.frames").first_row[0]
        assert raw == 0  # raw records belong to no run: live's sink writes them


def test_done_once_is_done(lab: Lab, whole: dict[str, Any]) -> None:
    ends = lab.ends("whole")
    assert lab.replay("whole") == whole
    assert lab.ends("whole") == ends


def test_a_second_start_of_a_run_that_is_being_played_is_refused_and_changes_nothing(lab: Lab) -> None:
    words = ("replay", "--stream", "door", "--run", "once", "--from-station", "events", "--no-rows")
    first = lab.start(*words, "--json")
    try:
        eventually(lambda: "once" in runs(lab.connection) and runs(lab.connection)["once"].state == "running", 120)
        first.send_signal(signal.SIGSTOP)  # so that it can not be done before the second one has tried
        assert "run once is being played already" in lab.run(*words, code=1)
        assert "run once is at work" in lab.run("runs", "rm", "once", code=1)
        assert runs(lab.connection)["once"].state == "running"
    finally:
        first.send_signal(signal.SIGCONT)
        said, complained = first.communicate(timeout=300)
    assert first.returncode == 0, complained
    assert json.loads(said.splitlines()[-1])["state"] == "done"
    assert runs(lab.connection)["once"].state == "done"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_stopped_at_the_very_end_is_told_as_stopped_and_goes_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Ctrl-C, or the end of a job, while what live said is looked through: all of the run's own has been said."""
    name = f"late-{number.name.lower()}"

    def interrupted(*_: Any) -> None:
        signal.raise_signal(number)
        raise AssertionError("the signal did not end it")

    words = ("--from-station", "highlights", "--local", "--no-rows")
    with monkeypatch.context() as patched:
        patched.setattr("deploy.replay.play.live_outcomes", interrupted)
        stopped = CliRunner().invoke(app, ["replay", "--stream", "door", "--run", name, *words], env=lab.env)
    assert stopped.exit_code == 130
    assert f"run {name} was stopped: the same command goes on with it" in stopped.stderr
    assert runs(lab.connection)[name].state == "stopped"
    assert lab.replay(name, *words)["state"] == "done"


def test_the_same_name_for_another_plan_is_refused(lab: Lab, whole: dict[str, Any]) -> None:
    said = lab.run("replay", "--stream", "door", "--run", "whole", "--set", "highlights.cooldown_s=1", code=2)
    assert "with other config" in said
    assert "Traceback" not in said


def test_in_one_process_it_says_the_same(lab: Lab, whole: dict[str, Any]) -> None:
    local = lab.replay("local", "--local")
    assert local["said"] == whole["said"]
    assert local["rows"] == whole["rows"]


def test_a_part_of_a_session_is_the_same_both_ways_and_ends_where_it_ends(lab: Lab) -> None:
    words = ("--from", "1.5", "--to", "4.25", "--no-rows")
    far, near = lab.replay("part", *words), lab.replay("part-local", *words, "--local")
    assert far["said"] == near["said"]
    assert "streams" not in far["said"]
    assert far["said"]["detections"]["records"] == 28 + 1  # 1.5, 1.6 … 4.2 s, and the end
    assert far["live"] == {}


def test_a_part_by_offsets_holds_those_records_and_no_others(lab: Lab) -> None:
    with Serde(lab.connection) as serde:
        frames = lab.connection.names.topic(c.FRAMES)
        messages = [m for m in read(lab.connection, [frames]) if m.key() == b"door"][10:30]
        first, end = messages[0].offset() or 0, (messages[-1].offset() or 0) + 1
        wanted = [serde.decode(m.value(), c.FRAMES) for m in messages]
    words = ("--offsets", f"frames:{first}-{end}", "--no-rows")
    far, near = lab.replay("offsets", *words), lab.replay("offsets-local", *words, "--local")
    assert far["said"] == near["said"]
    assert far["said"]["detections"]["records"] == len(wanted) + 1
    assert far["live"] == {}


def test_from_a_station_on_with_another_setting(lab: Lab, whole: dict[str, Any]) -> None:
    words = ("--from-station", "fused", "--local", "--no-rows")
    same = lab.replay("late", *words)
    assert list(same["said"]) == ["fused", "events", "highlights"]
    assert all(whole["said"][noun] == said for noun, said in same["said"].items())
    other = lab.replay("late-other", *words, "--set", "fused.window_s=2")
    assert other["config"]["fused"]["window_s"] == 2
    assert other["said"]["fused"]["records"] < same["said"]["fused"]["records"]


def test_frames_made_again_from_the_logged_packets(lab: Lab, tmp_path: Path) -> None:
    clip = make(tmp_path / "clip.mp4", seconds=4)
    lab.run("ingest", str(clip), "--stream", "clip", "--json")
    words = ("--stream", "clip", "--no-rows", "--json")
    same = json.loads(lab.run("replay", "--run", "ten", "--fps", "10", "--local", *words).splitlines()[-1])
    assert same["said"]["frames"]["records"] == 41
    assert same["said"]["frames"] == same["live"]["frames"]  # at the same rate the very bytes of ingest's
    verified = json.loads(lab.run("verify", "--run", "ten", "--no-store", "--json").splitlines()[-1])
    assert verified["records"]["frames"] == 41
    assert verified["told"] == {}
    found = []
    for way in (
        (),
        ("--local",),
    ):  # under one name: records say where their frame lies, which is the run's own topic
        said = lab.run("replay", "--run", "five", "--fps", "5", "--from", "1", *way, *words)
        found.append(json.loads(said.splitlines()[-1])["said"])
        lab.run("runs", "rm", "five")
    assert found[0] == found[1]
    assert found[0]["detections"]["records"] == found[0]["frames"]["records"] == 15 + 1
    said = lab.run("replay", "--stream", "clip", "--run", "x", "--fps", "5", "--from-station", "speech", code=2)
    assert "nothing from speech on reads any" in said


def test_live_is_left_alone(lab: Lab, whole: dict[str, Any]) -> None:
    before = lab.ends()
    lab.replay("beside", "--from-station", "events", "--no-rows")
    assert lab.ends() == before


def test_a_run_is_taken_away_with_its_topics_groups_and_rows(lab: Lab, whole: dict[str, Any]) -> None:
    lab.replay("brief", "--from-station", "highlights", "--local")
    listed = [json.loads(line)["run"] for line in lab.run("runs", "--json").splitlines()]
    assert "brief" in listed
    gone = json.loads(lab.run("runs", "rm", "brief", "--json"))
    assert any(".highlights.run.brief" in topic for topic in gone["topics"])
    admin = AdminClient(lab.connection.confluent())
    eventually(lambda: not [t for t in admin.list_topics(timeout=20).topics if t.endswith(".run.brief")])
    with connect(lab.store) as store:
        log = lab.store.databases.log
        assert store.query(f"SELECT count() FROM {log}.highlights WHERE run = 'brief'").first_row[0] == 0
        assert store.query(f"SELECT count() FROM {log}.highlights WHERE run = 'whole'").first_row[0] > 0
    assert "there is no run 'brief'" in lab.run("runs", "show", "brief", code=2)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--stream", "hall", "--run", "x"), "knows no stream 'hall'"),
        (("--stream", "door", "--run", "X.y"), "can not be called 'X.y'"),
        (("--stream", "door", "--run", "x", "--from", "soon"), "is no stream time"),
        (("--stream", "door", "--run", "x", "--offsets", "boxes:1-2"), "NOUN:FIRST-END"),
        (("--stream", "door", "--run", "x", "--offsets", "frames:1-99999"), "has offsets 0 to"),
        (("--stream", "door", "--run", "x", "--from-station", "nose"), "no such station: 'nose'"),
        (("--stream", "door", "--run", "x", "--set", "speech.backend=whisper"), "whisper"),
    ],
)
def test_what_can_not_be_replayed_is_one_clear_line(lab: Lab, words: tuple[str, ...], says: str) -> None:
    said = lab.run("replay", *words, code=2)
    assert says in said
    assert len(said.strip().splitlines()) == 1


def test_what_retention_took_is_named_and_what_was_held_is_replayed_all_the_same(
    lab: Lab, whole: dict[str, Any]
) -> None:
    lab.run("hold", "door", "--name", "kept")
    admin = AdminClient(lab.connection.confluent())
    frames = lab.connection.names.topic(c.FRAMES)
    cut = [TopicPartition(frames, p, end // 2) for (_, p), (_, end) in bounds(lab.connection, [frames]).items()]
    for future in admin.delete_records(cut).values():
        future.result()
    said = lab.run("replay", "--stream", "door", "--run", "late-comer", code=2)
    assert "have expired" in said
    assert frames in said
    held = lab.replay("held", "--hold", "kept", "--no-rows")
    assert held["said"] == whole["said"]
    assert held["live"] == held["said"]
    assert "is of session s of stream door" in lab.run(
        "replay", "--stream", "yard", "--run", "x", "--hold", "kept", code=2
    )
