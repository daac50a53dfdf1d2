"""Topics with what waits in them, the last record of each, and the route as a graph."""

from datetime import UTC, datetime
from typing import Annotated, Literal, cast

from confluent_kafka import KafkaException, Message
from fastapi import APIRouter, Depends

from api.frames import DO, words
from api.parts import Parts, need_broker, parts
from api.plain import plain
from api.problem import Problem, away
from api.shapes.log import Consumer, LastRecord, Route, RouteEdge, RouteNode, TopicRow
from schemas.codec import Undecodable
from schemas.records import Record
from topics.catalog import CATALOG
from topics.read import read
from topics.route import ROUTE
from topics.topic import Topic

router = APIRouter(prefix="/api", tags=["topics"])
P = Annotated[Parts, Depends(parts)]
Sort = Literal["raw", "derived", "dlq", "state"]
NO_RECORDS: tuple[None, Sort] = (None, "state")


def _known(p: Parts) -> dict[str, tuple[Topic[Record], Sort]]:
    """Topics that hold records of ours, by name."""
    names = p.connection.names
    found: dict[str, tuple[Topic[Record], Sort]] = {}
    for topic in CATALOG:
        found[names.topic(topic)] = (topic, "raw" if topic.kind == "raw" else "derived")
        found[names.dlq(topic)] = (topic, "dlq")
    return found


@router.get("/topics")
def get_topics(p: P) -> list[TopicRow]:
    """Topics in the route's order, then dead letters and snapshots; figures are at most some seconds old."""
    need_broker(p)
    now, known = p.gauge.now, _known(p)
    order = {name: at for at, name in enumerate(sorted(known, key=lambda n: known[n][1] == "dlq"))}
    rows = []
    for name in sorted(now.topics(), key=lambda n: (order.get(n, len(order)), n)):
        topic, sort = known.get(name, NO_RECORDS)
        mean = p.gauge.mean_bytes(name)
        records = now.records(name)
        rows.append(
            TopicRow(
                name, topic.noun if topic else name.split(".")[1], sort, records, p.gauge.rate_hz(name),
                None if mean is None else round(mean * records), p.gauge.retention_ms(name), now.partitions(name),
                [Consumer(group, now.lag(group, name) or 0) for group in now.groups(name)],
            )
        )  # fmt: skip
    return rows


@router.get("/topics/{name}/last")
def get_last(p: P, name: str) -> LastRecord | None:
    """The newest record of a topic, decoded (null: it is empty); a dead letter with its headers, which say why."""
    known = _known(p)
    need_broker(p)
    if name not in known:
        raise Problem(404, f"{name} is no topic of records", f"ask for one of {', '.join(sorted(known))}")
    try:
        newest = max(read(p.connection, [name], last=1), key=lambda m: m.timestamp()[1], default=None)
    except KafkaException as error:
        raise away("broker", words(error), DO) from error
    return None if newest is None else _last(p, newest, known[name][0])


def _last(p: Parts, message: Message, topic: Topic[Record]) -> LastRecord:
    value = message.value() or b""
    record = p.serde.decode(value, topic)
    pairs = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in pairs}
    return LastRecord(
        message.topic() or "", message.partition() or 0, message.offset() or 0,
        datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC).isoformat(timespec="milliseconds"),
        (message.key() or b"").decode("utf-8", "replace"), headers, len(value),
        None if isinstance(record, Undecodable) else plain(record),
        record.reason if isinstance(record, Undecodable) else "",
    )  # fmt: skip


@router.get("/route")
def get_route(p: P) -> Route:
    """Stations, connectors and sinks, and the topics between them: records a second, and what waits."""
    need_broker(p)
    now, names = p.gauge.now, p.connection.names
    nodes, edges, groups = [], [], set()
    for edge in ROUTE:
        group = names.group(edge.name)
        groups.add(group)
        lags = {topic.noun: now.lag(group, names.topic(topic)) for topic in edge.reads}
        known = [lag for lag in lags.values() if lag is not None]
        nodes.append(
            RouteNode(edge.name, edge.kind, [t.noun for t in edge.reads], edge.writes.noun,
                      sum(known) if known else None)
        )  # fmt: skip
        edges += [
            RouteEdge(names.topic(t), t.noun, edge.name, lags[t.noun], p.gauge.rate_hz(names.topic(t)))
            for t in edge.reads
        ]
    for group in sorted(set(now.committed) - groups):  # sinks, and anybody else who reads
        read_by = [t for t in CATALOG if now.lag(group, names.topic(t)) is not None]
        lags = {t.noun: now.lag(group, names.topic(t)) for t in read_by}
        if read_by:
            who = group.removeprefix(f"{names.prefix}.")
            nodes.append(RouteNode(who, "reader", list(lags), None, sum(lag or 0 for lag in lags.values())))
            edges += [
                RouteEdge(names.topic(t), t.noun, who, lags[t.noun], p.gauge.rate_hz(names.topic(t)))
                for t in read_by
            ]
    return Route(nodes, edges, p.hub.watermarks())
