"""`framelog diff` as a user calls it."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec import to_builtins

from connectors.runs.ledger import write
from connectors.runs.live import Setting, note
from connectors.runs.record import Run, Used
from processors.build import default_config
from tests.deploy.test_commands import Said, assert_one_line, framelog
from tests.two_runs import CANDIDATE, made_log, write_two_runs
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.registry import Serde

pytestmark = [pytest.mark.kafka]


@pytest.fixture(scope="module")
def log(broker: str, registry_url: str) -> Mapping[str, str]:
    """The environment of a log that holds two runs."""
    made = made_log(broker, registry_url)
    write(made, candidate())
    return environment(made)


def candidate() -> Run:
    """The other run, as it was planned."""
    config = to_builtins(default_config("detections")) | {"min_score": 0.5}
    return Run(
        name=CANDIDATE, stream="door", passages=(), reaches=(), stations=("detections",), own=("detections",),
        profile="cpu", config={"detections": config}, models={}, build="b",
    )  # fmt: skip


def environment(made: Connection) -> Mapping[str, str]:
    return {
        "FRAMELOG_KAFKA": made.bootstrap, "FRAMELOG_REGISTRY": made.registry_url,
        "FRAMELOG_PREFIX": made.names.prefix, "FRAMELOG_PARTITIONS": "2",
    }  # fmt: skip


def empty_log(broker: str, registry_url: str) -> Connection:
    """A log of its own, in which nobody has said anything yet."""
    made = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=2)
    with Serde(made) as serde:
        serde.register()
    ensure_topics(made)
    return made


def diff(log: Mapping[str, str], *words: object) -> Said:
    return framelog("diff", *words, env=log)


def test_json_has_what_a_gate_may_name_and_what_failed(log: Mapping[str, str]) -> None:
    said = diff(log, "live", CANDIDATE, "--json", "--noun", "boxes", "--noun", "highlights",
                "--fail-on", "highlights.lost>0", "--fail-on", "boxes.added>0")  # fmt: skip
    assert said.code == 1
    assert said.err.strip() == "framelog: highlights.lost>0 (it is 1)"
    report = json.loads(said.out)
    assert (report["version"], report["a"], report["b"], report["same"]) == (1, "live", CANDIDATE, False)
    assert list(report["nouns"]) == ["detections", "highlights"]
    assert report["runs"]["a"] is None
    assert report["runs"]["b"]["set"] == {"detections.min_score": 0.5}
    assert report["failed"] == ["highlights.lost>0 (it is 1)"]
    assert report["nouns"]["detections"]["lost"] == 20
    example = report["examples"]["highlights"][0]
    assert (example["kind"], example["at_us"], example["b"]) == ("lost", 5_000_000, [])
    assert example["frame"]["offset"] == 60


def test_the_terminal_shows_models_counts_and_the_largest_differences(
    log: Mapping[str, str], tmp_path: Path
) -> None:
    page = tmp_path / "diff.html"
    said = diff(log, "live", CANDIDATE, "--html", page, "--fail-on", "speech.wer>50%")
    assert said.code == 0, said
    for text in (
        "yolo 1 (aaaaaaaa)",
        "yolo 2",
        "detections.min_score=0.5",
        "WER 3.4%",
        "lost dog (0.90)",
        "A person enters an empty room",
    ):
        assert text in said.out, said.out
    assert page.stat().st_size < 2_000_000


def test_equal_runs_end_well(log: Mapping[str, str]) -> None:
    said = diff(log, "live", "live", "--fail-on", "highlights.lost>0", "--fail-on", "detections.agreement<1")
    assert said.code == 0
    assert "the runs say the same" in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("live", "nope"), "there is candidate, live"),
        (("live", CANDIDATE, "--stream", "nowhere"), "stream nowhere"),
        (("live", CANDIDATE, "--noun", "cats"), "highlights"),
        (("live", CANDIDATE, "--fail-on", "highlights.gone>0"), "lost_rate"),
        (("live", CANDIDATE, "--fail-on", "lost"), "noun.measure"),
        (("live", CANDIDATE, "--noun", "speech", "--fail-on", "highlights.lost>0"), "there is speech"),
        (("live", CANDIDATE, "--html", "/nowhere/x.html"), "no such folder"),
        (("live", CANDIDATE, "--html", "/"), "is a folder"),
    ],
)
def test_what_makes_no_sense_ends_with_one_line_and_two(
    log: Mapping[str, str], words: tuple[str, ...], told: str
) -> None:
    assert told in assert_one_line(diff(log, *words), code=2)


def lived(min_score: float) -> Setting:
    """What live's detections ran with, as its worker writes it."""
    config = to_builtins(default_config("detections")) | {"min_score": min_score}
    asked = () if min_score == 0.2 else (f"detections.min_score={min_score}",)
    return Setting(station="detections", profile="cpu", config=config, model=Used(), build="b", asked=asked)


def test_what_live_ran_with_is_told_by_when_it_said_what_is_compared(
    broker: str, registry_url: str, tmp_path: Path
) -> None:
    """Written down before live spoke; what it was changed to afterwards has nothing to do with it."""
    made = empty_log(broker, registry_url)
    env = environment(made)
    note(made, [lived(0.2)])
    write_two_runs(made)
    write(made, candidate())
    note(made, [lived(0.3)])
    report = json.loads(diff(env, "live", CANDIDATE, "--json").out)
    assert report["runs"]["a"]["profile"] == "cpu"
    assert report["runs"]["a"]["set"] == {}
    assert report["settings"] == [{"path": "detections.min_score", "a": 0.2, "b": 0.5}]
    assert report["notes"] == []
    page = tmp_path / "diff.html"
    shown = diff(env, CANDIDATE, "live", "--html", page).out
    assert "detections.min_score  0.5  0.2" in shown
    assert '"path":"detections.min_score"' in page.read_text()
    rows = [json.loads(line) for line in framelog("runs", "show", "live", "--json", env=env).out.splitlines()]
    assert [(r["config"]["min_score"], r["set"]) for r in rows] == [
        (0.2, []), (0.3, ["detections.min_score=0.3"])
    ]  # fmt: skip
    assert (rows[0]["until"], rows[1]["until"]) == (rows[1]["since"], None)
    then = framelog("runs", "show", "live", "--as-of", rows[0]["since"], "--json", env=env)
    assert [json.loads(line)["config"]["min_score"] for line in then.out.splitlines()] == [0.2]
    wide = {**env, "COLUMNS": "200"}  # as wide as a terminal that does not fold it
    assert "min_score=0.3" in framelog("runs", "show", "live", env=wide).out
    for words, code, told in (
        (("show", "live", "--as-of", "2001-01-01"), 1, "nothing is written down"),
        (("show", "live", "--as-of", "soon"), 2, "'soon' is no time"),
        (("show", CANDIDATE, "--as-of", "-1m"), 2, "--as-of is for `runs show live`"),
        (("rm", "live"), 2, "live is what the platform itself says"),
    ):
        assert told in assert_one_line(framelog("runs", *words, env=env), code=code)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [("runs", "rm", CANDIDATE), ("rebuild",), ("verify", "--stream", "door"), ("sql", "--run", "x", "SELECT 1")],
)
def test_where_the_store_is_away_one_line_says_so(
    log: Mapping[str, str], words: tuple[str, ...], tmp_path: Path
) -> None:
    env = dict(log) | {"FRAMELOG_CLICKHOUSE": "http://127.0.0.1:1", "FRAMELOG_DATA": str(tmp_path)}
    said = framelog(*words, env=env, within_s=90)
    assert said.code != 0
    assert "127.0.0.1" in said.err or "refused" in said.err, said
    assert len(said.err.strip().splitlines()) == 1, said.err


@pytest.mark.slow
def test_why_reads_the_log_through_where_the_store_is_away(log: Mapping[str, str], tmp_path: Path) -> None:
    env = dict(log) | {"FRAMELOG_CLICKHOUSE": "http://127.0.0.1:1", "FRAMELOG_DATA": str(tmp_path)}
    said = framelog("why", "nope", env=env, within_s=90)
    assert said.code == 1
    instead, none = said.err.strip().splitlines()
    assert "the store does not answer: reading the log through instead" in instead
    assert "no record nope of run live in the log" in none


@pytest.mark.slow
def test_a_replay_with_another_setting_differs_by_what_it_changed(log: Mapping[str, str], tmp_path: Path) -> None:
    env = dict(log) | {"FRAMELOG_PROFILE": "builtin", "FRAMELOG_DATA": str(tmp_path)}
    words = ("replay", "--stream", "door", "--from-station", "highlights", "--local", "--no-rows")
    for name, more in (("one", ()), ("calm", ("--set", "highlights.open=0.99"))):
        said = framelog(*words, "--run", name, *more, env=env)
        assert said.code == 0, said
    other = json.loads(diff(log, "one", "calm", "--json").out)
    assert other["runs"]["b"]["set"] == {"highlights.open": 0.99}
    highlights = other["nouns"]["highlights"]
    assert highlights["a"] == highlights["lost"] > highlights["b"] == 0
