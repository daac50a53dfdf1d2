"""Verification from end to end: the log, the store of rows, the object store."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from connectors.clickhouse.schema import StoreAddress, connect
from connectors.objects.store import ObjectStore
from connectors.runs.ledger import run_of
from connectors.verify.answers import announced, answers, came, ends, repeats
from connectors.verify.between import Between
from connectors.verify.index import Index
from connectors.verify.kafka import KafkaLog, behind
from connectors.verify.letters import letters
from connectors.verify.lying import Log
from connectors.verify.named import ids, raws
from connectors.verify.objects import Objects
from connectors.verify.report import Report
from connectors.verify.rows import Rows
from connectors.verify.scan import Decode, Scan
from topics.catalog import CATALOG
from topics.connection import Connection
from topics.names import LIVE, Names
from topics.registry import Serde
from topics.route import ROUTE


def verify_log(
    log: Log, decode: Decode, stream: str = "", objects: ObjectStore | None = None, rows: Any = None
) -> Report:
    """What is wrong with a log. `rows(log, report)` makes what compares rows, None leaves them out."""
    report = Report(log.names.run, stream)
    with Index() as index:
        scan = Scan(log, decode, index, report, stream)
        if objects is not None:
            scan.clips = Objects(objects, report)
        else:
            report.skipped["clips"] = "no object store"
        compare: Rows | None = rows(log, report) if rows is not None else None
        if compare is not None:
            scan.watch = compare
        else:
            report.skipped["rows"] = "no store"
        scan()
        ask(Between(scan))
        if compare is not None:
            compare.finish(CATALOG)
    return report


def ask(between: Between) -> None:
    """What only shows between topics."""
    for edge in ROUTE:
        if not between.log.names.owns(edge.writes):
            continue
        ends(between, edge)
        came(between, edge)
        if edge.kind != "fold":
            answers(between, edge)
    for question in (repeats, announced, raws, ids, letters):
        question(between)


def verify(
    connection: Connection,
    store: StoreAddress | None = None,
    objects: ObjectStore | None = None,
    run: str = "",
    stream: str = "",
    *,
    wait_s: float = 0,
    wait_for: Sequence[str] = (),
    from_ms: int | None = None,
    to_ms: int | None = None,
) -> Report:
    """Checks every invariant of a run's records and of what was made of them; `str(report)` tells, `.ok` judges.

    Args:
        connection: The log.
        store: ClickHouse; None leaves rows out.
        objects: Where clips are; None leaves them out.
        run: The run; empty for the connection's.
        stream: Only this stream; empty for all.
        wait_s: So long at most it waits until stations, cutter and sink have dealt with all that there is.
        wait_for: Only for these of them.
        from_ms, to_ms: Only what was written from … until before, in ms since 1970.

    Raises BadRun if there is no such run, KafkaException if the log can not be read, ClickHouse's errors and
    OSError for the stores.

    """
    if run and run != connection.names.run:
        live = replace(connection, names=Names(connection.names.prefix))
        connection = live if run == LIVE else replace(live, names=run_of(live, run).names(live.names))
    until_s = time.monotonic() + wait_s
    while wait_s and behind(connection, wait_for) and time.monotonic() < until_s:
        time.sleep(0.2)
    with ExitStack() as opened:
        serde = opened.enter_context(Serde(connection))
        serde.register()
        log = KafkaLog(connection, stream, from_ms, to_ms)
        opened.callback(log.close)
        if store is None:
            return verify_log(log, serde.decode, stream, objects)
        client = opened.enter_context(connect(store))

        def rows(log: Log, report: Report) -> Rows:
            return Rows(client, store.databases, log, report, stream=stream)

        return verify_log(log, serde.decode, stream, objects, rows)
