"""Every command as a user calls it: in a process of its own, told what it can not do in one line."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
import typer
from typer.testing import CliRunner

from deploy.cli import app

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
PRINTING = (
    "status", "doctor", "ingest", "streams", "topics", "route", "tail", "sql", "highlights", "clips", "models",
    "settings", "why",
)  # fmt: skip
GONE = {
    "FRAMELOG_KAFKA": "127.0.0.1:1",
    "FRAMELOG_REGISTRY": "http://127.0.0.1:1",
    "FRAMELOG_CLICKHOUSE": "http://127.0.0.1:1",
}
SECRET = "hunter2"


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def framelog(
    *words: object, env: Mapping[str, str] = MappingProxyType({}), within_s: float = 60, folder: Path | None = None
) -> Said:
    """A command in a process of its own; a hang fails the test. Nothing of the caller's settings is seen."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FRAMELOG_") or k == "FRAMELOG_TESTDATA"}
    kept |= {"PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run(
        [sys.executable, "-m", "deploy.cli", *map(str, words)], env=kept | dict(env), cwd=folder,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=within_s, check=False,
    )  # fmt: skip
    assert "Traceback" not in run.stdout + run.stderr, run.stderr[-3000:]
    return Said(run.returncode, run.stdout, run.stderr)


def assert_one_line(said: Said, code: int = 1) -> str:
    """The command failed with that code and one line; the line."""
    lines = said.err.strip().splitlines()
    assert said.code == code, said
    assert len(lines) == 1, said.err
    assert lines[0].startswith("framelog:")
    return lines[0]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_help_lists_every_command() -> None:
    said = framelog("--help")
    assert said.code == 0
    assert all(f" {name} " in said.out for name in COMMANDS)


def test_the_command_line_loads_nothing_heavy_before_it_knows_what_is_wanted() -> None:
    heavy = (
        "numpy",
        "scipy",
        "av",
        "cv2",
        "chdb",
        "clickhouse_connect",
        "faust",
        "fastapi",
        "onnxruntime",
        "sqlglot",
    )
    code = f"import sys, deploy.cli; print([m for m in sys.modules if m in {heavy}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    said = CliRunner().invoke(app, [name, "--help"])
    assert said.exit_code == 0
    assert f"Example: framelog {name}" in said.output


@pytest.mark.parametrize("name", PRINTING)
def test_every_command_that_prints_data_can_print_json(name: str) -> None:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    assert "--json" in {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize(
    "words",
    [
        ("streams",), ("topics",), ("tail", "highlights"), ("sql", "SELECT 1"), ("work", "streams"),
        ("sink", "clickhouse"), ("serve",),
    ],
)  # fmt: skip
def test_what_needs_the_platform_says_how_to_start_it(words: Sequence[str], tmp_path: Path) -> None:
    line = assert_one_line(framelog(*words, "--data", tmp_path / "none"))
    assert f"framelog up --data {tmp_path / 'none'}" in line


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("topics",), ("route",), ("tail", "highlights"), ("work", "streams"), ("sink", "clickhouse"),
        ("sink", "s3"), ("sql", "SELECT 1"), ("highlights",), ("rebuild",),
    ],
)  # fmt: skip
def test_a_part_that_is_away_is_named_in_one_line(words: Sequence[str], tmp_path: Path) -> None:
    line = assert_one_line(framelog(*words, "--data", tmp_path, within_s=45, env=GONE))
    assert "127.0.0.1:1" in line
    assert "framelog up" in line


@pytest.mark.slow
def test_ingest_says_that_the_log_is_away_before_it_takes_anything(tmp_path: Path, testdata: Path) -> None:
    words = ("ingest", testdata / "video/stream_shared.mp4", "--stream", "x", "--data", tmp_path)
    assert "127.0.0.1:1" in assert_one_line(framelog(*words, within_s=45, env=GONE))


@pytest.mark.slow
def test_status_tells_a_stopped_platform_and_a_log_that_is_away(tmp_path: Path) -> None:
    said = framelog("status", "--json", "--data", tmp_path)
    assert said.code == 1
    assert json.loads(said.out)["state"] == "stopped"
    said = framelog("status", "--json", "--data", tmp_path, within_s=45, env=GONE)
    assert said.code == 1
    assert json.loads(said.out)["state"] == "away"


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"FRAMELOG_PORT": "abc"}, "FRAMELOG_PORT"),
        ({"FRAMELOG_PORT": "70000"}, "FRAMELOG_PORT"),
        ({"FRAMELOG_PROFILE": "fast"}, "FRAMELOG_PROFILE"),
        ({"FRAMELOG_INGEST__FPS": "abc"}, "FRAMELOG_INGEST__FPS"),
        ({"FRAMELOG_KAFKA_SECURITY": '{"sasl.password": "hunter2"'}, "kafka_security"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_kept_back(env: dict[str, str], named: str, tmp_path: Path) -> None:
    line = assert_one_line(framelog("status", "--data", tmp_path, env=env))
    assert named in line
    assert SECRET not in line


def test_a_broken_settings_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "framelog.toml").write_text("port = = 1")
    assert "framelog.toml" in assert_one_line(framelog("status", folder=tmp_path))


@pytest.mark.parametrize(
    ("words", "env", "named"),
    [
        (("work", "nothing"), {}, "nothing"),
        (("work", "highlights"), {"FRAMELOG_HIGHLIGHTS__NOSUCH": "1"}, "highlights.nosuch"),
        (("work", "highlights"), {"FRAMELOG_HIGHLIGHTS__COOLDOWN_S": "soon"}, "highlights.cooldown_s"),
        (("models", "fech"), {}, "fetch"),
        (("replay", "--stream", "x", "--run", "y", "--fps", "0"), {}, "--fps 0"),
        (("sql", " ; "), {}, "there is no query"),
        (("sql", "SELECT 1; SELECT 2"), {}, "these are 2 statements"),
        (("why", "x", "--out", __file__), {}, "is no folder"),
    ],
)
def test_an_unknown_station_or_tunable_is_refused_before_the_log_is_asked(
    words: Sequence[str], env: dict[str, str], named: str, tmp_path: Path
) -> None:
    assert named in assert_one_line(framelog(*words, "--data", tmp_path, env=GONE | env), 2)


@pytest.mark.parametrize("words", [("sink", "nothing"), ("tail", "nothing"), ("ingest",), ("nosuch",)])
def test_wrong_usage_ends_with_two(words: Sequence[str], tmp_path: Path) -> None:
    said = framelog(*words, folder=tmp_path, env=GONE)
    assert said.code == 2
    assert said.err


@pytest.mark.parametrize(
    "words",
    [("up",), ("up", "--detach"), ("demo", "--once", "--source", "no.mp4"), ("models", "fetch")],
)
def test_a_data_folder_that_can_not_be_is_told_in_one_line(words: Sequence[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = assert_one_line(framelog(*words, "--data", tmp_path / "file/data", env={"FRAMELOG_PORT": "0"}))
    assert str(tmp_path / "file/data") in line


def test_the_doctor_tells_a_data_folder_that_can_not_be_and_a_port_in_use(tmp_path: Path, taken_port: int) -> None:
    (tmp_path / "file").write_text("")
    said = framelog("doctor", "--json", "--data", tmp_path / "file/data", env={"FRAMELOG_PORT": str(taken_port)})
    states = {row["check"]: row["state"] for row in map(json.loads, said.out.splitlines())}
    assert said.code == 1
    assert states["data folder"] == states["port"] == "fail"


def test_up_and_demo_say_that_the_pages_port_is_in_use(tmp_path: Path, taken_port: int) -> None:
    for words in (("up",), ("up", "--detach"), ("demo", "--once", "--source", "no.mp4")):
        line = assert_one_line(framelog(*words, "--data", tmp_path, env={"FRAMELOG_PORT": str(taken_port)}))
        assert f"port {taken_port} is in use" in line
        assert "FRAMELOG_PORT" in line


def test_a_disk_nearly_full_is_told_by_doctor_and_up(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", small], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"no small disk may be mounted here: {mount.stderr.strip()}")
    try:
        said = framelog("doctor", "--json", "--data", small / "data")
        states = {row["check"]: row["state"] for row in map(json.loads, said.out.splitlines())}
        assert (said.code, states["disk"]) == (1, "fail")
        assert "MiB are free" in assert_one_line(
            framelog("up", "--data", small / "data", env={"FRAMELOG_PORT": "0"})
        )
    finally:
        subprocess.run(["umount", small], check=True)


def test_down_without_a_platform_says_so(tmp_path: Path) -> None:
    assert "no platform runs" in assert_one_line(framelog("down", "--data", tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("sql", "SELECT 1"), {"FRAMELOG_CLICKHOUSE": f"http://u:{SECRET}@127.0.0.1:1"}),
        (("sql", "SELECT 1"), GONE | {"FRAMELOG_CLICKHOUSE_PASSWORD": SECRET}),
        (("work", "streams"), GONE | {"FRAMELOG_KAFKA_SECURITY": f'{{"sasl.password": "{SECRET}"}}'}),
        (("work", "streams"), GONE | {"FRAMELOG_REGISTRY": f"http://u:{SECRET}@127.0.0.1:1"}),
        (("ingest", f"rtsp://user:{SECRET}@127.0.0.1:1/x", "--stream", "x"), GONE),
        (("settings", "--json"), {"FRAMELOG_CLICKHOUSE_PASSWORD": SECRET}),
        (("doctor", "--json"), GONE | {"FRAMELOG_CLICKHOUSE_PASSWORD": SECRET}),
    ],
)  # fmt: skip
def test_secrets_are_never_printed(words: Sequence[str], env: dict[str, str], tmp_path: Path) -> None:
    said = framelog(*words, folder=tmp_path, within_s=45, env=env)
    assert said.out + said.err
    assert SECRET not in said.out + said.err
