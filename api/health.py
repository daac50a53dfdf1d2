"""Honest readiness: each part is asked or has been looked at within seconds; nothing is assumed."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.frames import DO as BROKER_DO
from api.parts import Parts
from api.problem import Problem
from api.shapes.health import Part, Readiness
from api.store import Limits

BEGINNING = {"waiting", "starting"}
QUICK = Limits(seconds=3, rows=10)


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
    """What the supervisor wrote: `{"parts": {name: {state, since, restarts, last_error}}}`, `since` in seconds of
    wall clock. No file, no word.
    """
    if state is None or not state.is_file():
        return
    try:
        written = json.loads(state.read_text())["parts"]
    except (ValueError, KeyError, TypeError):
        yield Part(
            "supervisor", False, None, f"{state.name} is damaged", "start the platform again: `framelog up`"
        )
        return
    for name, told in written.items():
        yield _process(name, told)


def _process(name: str, told: Mapping[str, Any]) -> Part:
    state, since_s = str(told.get("state", "")), float(told.get("since") or 0)
    if state == "ready":
        return Part(name, True, None, "", "")
    if state in BEGINNING:
        return Part(name, False, _iso(since_s) if since_s else None, state, "wait: it is being started")
    died = int(told.get("restarts") or 0)
    why = str(told.get("last_error") or state) + (f" (started again {died} times)" if died else "")
    do = f"`framelog status` and DATA/logs/{name}.log have its last words"
    return Part(name, False, _iso(since_s) if since_s else None, why, do)
