"""The compose file is sound as far as can be told without a docker engine."""

import re
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


@pytest.mark.parametrize("path", sorted((ROOT / "deploy/images").glob("*.Dockerfile")), ids=lambda p: p.name)
def test_dockerfiles_install_locked_packages_and_do_not_run_as_root(path: Path) -> None:
    text = path.read_text()
    assert "--require-hashes" in text
    assert re.search(r"^USER framelog$", text, re.MULTILINE)
    for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert re.search(r":\d", base), f"{base} has no fixed version"
    for source in re.findall(r"^COPY (?!--from)([\w./ -]+) \S+$", text, re.MULTILINE):
        for part in source.split():
            top = part.split("/")[0]
            assert (ROOT / top).exists(), part
            assert re.search(rf"^!{re.escape(top)}$", (ROOT / ".dockerignore").read_text(), re.MULTILINE), top
