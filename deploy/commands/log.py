"""Commands that look into the log: topics, route, tail."""

import time
from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from deploy import settings as configured
from deploy.commands.reach import log_of
from deploy.commands.shared import DataOption, JsonOption, console, plain, print_json, print_rows
from schemas.codec import Undecodable
from topics.catalog import BY_NOUN, CATALOG
from topics.connection import Connection
from topics.lag import committed, lag_of
from topics.names import LIVE, Names
from topics.read import bounds, read
from topics.route import ROUTE

From = Literal["beginning", "end"]


def topics(data: DataOption = None, as_json: JsonOption = False) -> None:
    """What lies in each topic.

    Example: framelog topics --json
    """
    connection = log_of(configured.load(data=data))
    places = bounds(connection, [connection.names.topic(t) for t in CATALOG])
    dead = bounds(connection, [connection.names.dlq(t) for t in CATALOG])

    def count(name: str, of: dict[tuple[str, int], tuple[int, int]]) -> int:
        return sum(high - low for (topic, _), (low, high) in of.items() if topic == name)

    print_rows(
        (
            {
                "topic": connection.names.topic(t),
                "kind": t.kind,
                "records": count(connection.names.topic(t), places),
                "dead letters": count(connection.names.dlq(t), dead),
                "kept": f"{t.retention_ms // 3_600_000} h",
                "partitions": connection.partitions,
            }
            for t in CATALOG
        ),
        "topics",
        as_json,
    )


def rates_of(connection: Connection, names: Sequence[str], over_s: float = 1.0) -> dict[str, float]:
    """Records a second that each topic takes just now, looked at twice."""
    began_s = time.monotonic()
    before = bounds(connection, names)
    time.sleep(over_s)
    after = bounds(connection, names)
    seconds = time.monotonic() - began_s
    return {
        name: sum(high - before[place][1] for place, (_, high) in after.items() if place[0] == name) / seconds
        for name in names
    }


def route(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The graph of stations and connectors with the lag of each and the records it writes a second.

    Example: framelog route
    """
    connection = log_of(configured.load(data=data))
    rows: list[dict[str, Any]] = []
    rates = rates_of(connection, [connection.names.topic(e.writes) for e in ROUTE])
    for edge in ROUTE:
        at = committed(connection, edge.name, [connection.names.topic(t) for t in edge.reads])
        lags = lag_of(connection, at)
        rows.append(
            {
                "name": edge.name,
                "kind": edge.kind,
                "reads": ", ".join(t.noun for t in edge.reads),
                "writes": edge.writes.noun,
                "per second": round(rates[connection.names.topic(edge.writes)], 1),
                "lag": ", ".join(str(lags[connection.names.topic(t)]) for t in edge.reads),
            }
        )
    print_rows(rows, "route", as_json)


def tail(
    topic: Annotated[str, typer.Argument(help="Noun (highlights) or whole topic name.")],
    start: Annotated[From, typer.Option("--from", help="Where to begin.")] = "end",
    number: Annotated[int | None, typer.Option("-n", help="Stop after so many records.", min=1)] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the records of a topic as they come; Ctrl-C ends it.

    Example: framelog tail highlights --from beginning -n 5 --json
    """
    from topics.registry import Serde  # half a second of imports that no other command needs

    settings = configured.load(data=data)
    names = Names(settings.prefix, LIVE)
    found = next((t for t in CATALOG if topic in (t.noun, names.topic(t))), None)
    if found is None:
        raise typer.BadParameter(f"there is no topic {topic}: one of {', '.join(BY_NOUN)}")
    connection = log_of(settings)
    serde = Serde(connection)
    messages = read(
        connection, [connection.names.topic(found)], last=None if start == "beginning" else 0, follow=True
    )
    for message in islice(messages, number):
        record = serde.decode(message.value(), found)
        place = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
        shown = {"undecodable": record.reason} if isinstance(record, Undecodable) else record.as_dict()
        if as_json:
            print_json(place | shown)
        else:
            console.print(Text(f"{place['partition']}:{place['offset']}", "dim"), plain(shown), soft_wrap=True)
