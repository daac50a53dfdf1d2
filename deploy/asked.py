"""What a run was asked to do otherwise than the platform does by default."""

from collections.abc import Iterator, Mapping
from typing import Any

from confluent_kafka import KafkaException

from topics.connection import Connection


def asked(connection: Connection, name: str) -> dict[str, Any] | None:
    """Plan of a run as the log knows it: profile, build, stations, stretch, and in `set` the tunables that are not
    at their defaults. None for a run (`live`) that nobody planned.
    """
    from connectors.runs.ledger import runs

    try:
        run = runs(connection).get(name)
    except KafkaException:  # a log from before there were runs
        return None
    if run is None:
        return None
    return {
        "profile": run.profile,
        "build": run.build,
        "planned_at": run.planned_at,
        "stations": list(run.stations),
        "stretches": [[p.stream_id, p.session_id, p.from_us, p.until_us] for p in run.passages],
        "set": {path: value for station in run.config for path, value in changed(station, run.config[station])},
    }


def changed(station: str, config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Tunables of a station's config that are not as they are by default, by their paths."""
    from msgspec import json

    from processors.build import default_config

    try:
        default = json.decode(json.encode(default_config(station)))  # as it is kept: lists, not tuples
    except (ImportError, ValueError):  # a station that there is no more
        default = {}
    yield from differing(station, default, config)


def differing(path: str, default: Any, value: Any) -> Iterator[tuple[str, Any]]:
    """Leaves in which two nested values differ."""
    if isinstance(default, Mapping) and isinstance(value, Mapping):
        for key, inner in value.items():
            yield from differing(f"{path}.{key}", default.get(key), inner)
    elif default != value:
        yield path, value


def told(plan: Mapping[str, Any] | None) -> str:
    """A plan in a line's length; where there is none, where to look instead."""
    if plan is None:
        return "(nobody planned it: what computed it is in its records, below)"
    said = [f"{path}={value}" for path, value in plan["set"].items()]
    return ", ".join([f"profile {plan['profile']}", *said])
