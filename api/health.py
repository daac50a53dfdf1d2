"""Honest readiness: each part is asked or has been looked at within seconds; nothing is assumed."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.frames import DO as BROKER_DO
from api.parts import Parts
from api.problem import Problem
from api.shapes import Part, Readiness
from api.store import Limits

QUICK = Limits(seconds=3, rows=10)
WELL = {"running", "ok", "up", "ready", "done", "finished", "starting"}


def readiness(p: Parts) -> Readiness:
    """The parts, worst news first."""
    found = [
        _seen("broker", p.gauge.why, p.gauge.since_s, BROKER_DO),
        _seen("live", p.live.why, p.live.since_s, "it comes back with the broker and its topics (`framelog up`)"),
        _store(p),
        _page(p.page_dir),
        *supervised(p.supervisor_state),
    ]
    found.sort(key=lambda part: part.ok)
    return Readiness(all(part.ok for part in found if part.name != "page"), found)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _seen(name: str, why: str, since_s: float, do: str) -> Part:
    return Part(name, not why, _iso(since_s) if why else None, why, do if why else "")


def _store(p: Parts) -> Part:
    try:
        p.store.ask("SELECT 1 AS one", limits=QUICK)
    except Problem as problem:
        since = p.store.away_since_s
        return Part("clickhouse", False, _iso(since) if since else None, problem.body.detail, problem.body.do)
    return Part("clickhouse", True, None, "", "")


def _page(folder: Path | None) -> Part:
    built = folder is not None and (folder / "index.html").is_file()
    return Part(
        "page", built, None, "" if built else "not built", "" if built else "`make setup` builds it (node ≥ 20)"
    )


def supervised(state: Path | None) -> Iterable[Part]:
    """What the supervisor wrote of its processes: `{"processes": [{name, state, since, last_error}, …]}`, or the
    same keyed by name. No file, no word.
    """
    if state is None or not state.is_file():
        return
    try:
        written = json.loads(state.read_text())
    except ValueError:
        yield Part("supervisor", False, None, f"{state.name} is no JSON", "look at the supervisor's log")
        return
    listed = written.get("processes", written) if isinstance(written, Mapping) else written
    if isinstance(listed, Mapping):
        listed = [{"name": name, **told} for name, told in listed.items() if isinstance(told, Mapping)]
    for process in listed if isinstance(listed, list) else []:
        yield _process(process)


def _process(process: Mapping[str, Any]) -> Part:
    ok = bool(process.get("healthy", str(process.get("state", "")).lower() in WELL))
    since = process.get("since_s") or process.get("since") or process.get("started_s")
    why = str(process.get("last_error") or process.get("why") or process.get("state", "not running"))
    name = str(process.get("name", "process"))
    return Part(
        name, ok, None if ok or since is None else _iso(since) if isinstance(since, (int, float)) else str(since),
        "" if ok else why, "" if ok else f"`framelog status` and DATA/logs/{name}.log have its last words",
    )  # fmt: skip
