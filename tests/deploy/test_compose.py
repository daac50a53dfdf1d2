"""The compose file is sound as far as can be told without a docker engine."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from topics.route import STATIONS

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.kafka.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_has_a_fixed_version(name: str) -> None:
    image = SERVICES[name]["image"]
    tag = image.rpartition(":")[2]
    assert image.startswith("framelog:") or re.match(r"\d+\.\d+", tag), image


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_waits_for_parts_that_can_say_they_are_healthy(name: str) -> None:
    for part, condition in SERVICES[name].get("depends_on", {}).items():
        assert condition == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[part]


def test_every_station_is_run_by_exactly_one_service() -> None:
    run = [word for s in SERVICES.values() if s.get("command", [""])[0] == "work" for word in s["command"][1:]]
    assert sorted(run) == sorted(STATIONS)


def test_every_setting_it_gives_is_one_that_framelog_knows() -> None:
    from deploy.settings import Settings

    known = {f"FRAMELOG_{name.upper()}" for name in Settings.model_fields}
    for service in SERVICES.values():
        if service["image"].startswith("framelog:"):
            assert {key for key in service["environment"] if key.startswith("FRAMELOG_")} <= known


def tool(*words: str, env: dict[str, str] | None = None) -> str:
    """What a checker that is installed beside this Python says; AssertionError with it if it is not content."""
    words = (str(Path(sys.executable).with_name(words[0])), *words[1:])
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_file_is_one_by_composes_own_schema() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.kafka.yml")


def test_a_condition_that_compose_does_not_know_would_be_found(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.kafka.yml").read_text().replace("service_healthy", "service_fine")
    (tmp_path / "wrong.yml").write_text(text)
    with pytest.raises(AssertionError, match="service_fine"):
        tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(tmp_path / "wrong.yml"))


def test_compose_itself_takes_it_where_it_is_installed() -> None:
    if shutil.which("docker-compose"):
        words = ["docker-compose"]
    elif (
        shutil.which("docker")
        and not subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        words = ["docker", "compose"]
    else:
        pytest.skip("docker compose is not installed: the file was held against its schema only")
    words += ["-f", "docker-compose.kafka.yml", "--profile", "ingest", "config", "-q"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "deploy/images").glob("*.Dockerfile")), ids=lambda p: p.name)
def test_hadolint_has_nothing_to_say_of_the_dockerfiles(path: Path) -> None:
    assert tool("hadolint", "--no-color", str(path)) == ""


def steps_of(path: Path) -> list[tuple[str, str]]:
    """Instructions of a Dockerfile's last stage, each with its words."""
    text = re.sub(r"\\\n", " ", path.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    last = max(at for at, line in enumerate(lines) if line.startswith("FROM "))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines[last + 1 :])]


@pytest.mark.slow
@pytest.mark.network
def test_what_the_image_is_made_of_runs_by_itself(tmp_path: Path) -> None:
    """The steps of the cpu image in a folder instead of a container, but for its user and the page."""
    top, app = tmp_path / "framelog", tmp_path / "framelog/app"
    app.mkdir(parents=True)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("FRAMELOG_", "PYTHON", "VIRTUAL_ENV"))}
    env["PATH"] = f"{top}/venv/bin:{Path(sys.executable).resolve().parent}:{env['PATH']}"
    for word, rest in steps_of(ROOT / "deploy/images/cpu.Dockerfile"):
        if word == "COPY" and not rest.startswith("--from"):
            *sources, to = rest.split()
            for source in sources:
                if source.endswith("/"):
                    left_out = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
                    shutil.copytree(ROOT / source, app / to, dirs_exist_ok=True, ignore=left_out)
                else:
                    shutil.copy(ROOT / source, app / to)
        elif word == "RUN":
            # The cache has what `make setup` fetched; who the process is and /data are the container's.
            command = rest.partition("&& useradd")[0].replace("--no-cache ", "")
            command = command.replace("/opt/framelog", str(top)).replace(
                "python -m venv", f"{sys.executable} -m venv"
            )
            done = subprocess.run(
                ["sh", "-ec", command], cwd=app, env=env, capture_output=True, text=True, timeout=280, check=False
            )
            assert done.returncode == 0, done.stderr[-3000:]
    assert ("ENTRYPOINT", '["framelog"]') in steps_of(ROOT / "deploy/images/cpu.Dockerfile")
    for words in (["--help"], ["settings", "--json"], ["work", "--help"]):
        said = subprocess.run(
            [str(top / "venv/bin/framelog"), *words], cwd=tmp_path, env=env, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
    where = subprocess.run(
        [str(top / "venv/bin/python"), "-c", "import deploy.cli, processors.build; print(deploy.cli.__file__)"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(app))


@pytest.mark.parametrize("path", sorted((ROOT / "deploy/images").glob("*.Dockerfile")), ids=lambda p: p.name)
def test_dockerfiles_install_locked_packages_and_do_not_run_as_root(path: Path) -> None:
    text = path.read_text()
    assert "--require-hashes" in text
    assert re.search(r"^USER [1-9]\d*$", text, re.MULTILINE)
    for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert re.search(r":\d", base), f"{base} has no fixed version"
    for source in re.findall(r"^COPY (?!--from)([\w./ -]+) \S+$", text, re.MULTILINE):
        for part in source.split():
            top = part.split("/")[0]
            assert (ROOT / top).exists(), part
            assert re.search(rf"^!{re.escape(top)}$", (ROOT / ".dockerignore").read_text(), re.MULTILINE), top
