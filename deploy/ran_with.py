"""What live runs with: made by its stations' processes when they start, and shown to people."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import to_builtins

from connectors.runs.live import Setting, as_of, history
from deploy.asked import changed, iso
from deploy.replay.planning import kept, used
from processors.offline import Core
from topics.connection import Connection
from topics.route import STATIONS


def ran_with(cores: Mapping[str, Core], configs: Mapping[str, Any], profile: str, build: str) -> list[Setting]:
    """What stations of live run with, ready to be written down."""
    found = []
    for station, core in cores.items():
        config = kept(configs[station])
        asked = tuple(f"{path}={word(value)}" for path, value in changed(station, config))
        found.append(
            Setting(station=station, profile=profile, config=config, model=used(core), build=build, asked=asked)
        )
    return found


def word(value: Any) -> str:
    """A value as `--set` takes it."""
    return value if isinstance(value, str) else json.dumps(value)


def rows_of(connection: Connection, at: datetime | None = None) -> list[dict[str, Any]]:
    """What live ran with, a row a station and change: all that is known, or what held at a time."""
    known = history(connection)
    then = None if at is None else as_of(known, round(at.timestamp() * 1000))
    rows = []
    for station in sorted(known, key=lambda s: (STATIONS.index(s) if s in STATIONS else len(STATIONS), s)):
        mine = known[station]
        for held, following in zip(mine, [*mine[1:], None], strict=True):
            if then is not None and then.get(station) != held:
                continue
            setting = held.setting
            rows.append({
                "station": station, "since": iso(held.since_ms),
                "until": None if following is None else iso(following.since_ms), "profile": setting.profile,
                "model": to_builtins(setting.model), "set": list(setting.asked), "config": setting.config,
                "build": setting.build, "who": held.who,
            })  # fmt: skip
    return rows


def told_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same in a table's width."""
    model = row["model"]
    return {
        "station": row["station"], "since": row["since"][:19], "until": (row["until"] or "")[:19],
        "profile": row["profile"], "model": f"{model['name']} {model['sha256'][:8]}".strip(),
        "set": ", ".join(row["set"]), "build": row["build"][:12],
    }  # fmt: skip
