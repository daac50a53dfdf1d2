"""Takes a run away: its topics, its groups, its rows, and its place in the list."""

import time
from dataclasses import replace
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from connectors.clickhouse.ddl import Databases
from connectors.runs.ledger import forget
from connectors.runs.record import Run
from topics.broker import wanted
from topics.connection import Connection

GROUP_GONE = {KafkaError.GROUP_ID_NOT_FOUND}
TOPIC_GONE = {KafkaError.UNKNOWN_TOPIC_OR_PART}
MEMBER_S = 15.0


def remove(
    live: Connection, run: Run, store: Any | None, databases: Databases, timeout_s: float = 60
) -> list[str]:
    """Removes a run and answers with the topics that were deleted; removing it again changes nothing.

    KafkaException if the broker refuses: a group that still has members means that the run is at work.
    """
    connection = replace(live, names=run.names(live.names))
    own = sorted(set(wanted(connection)) - set(wanted(live)))
    admin = AdminClient(live.confluent())
    groups = [connection.names.group(name) for name in (*run.stations, "clickhouse")]
    _groups_away(admin, groups, timeout_s)
    have = admin.list_topics(timeout=timeout_s).topics
    gone = [name for name in own if name in have]
    if gone:
        _all(admin.delete_topics(gone, operation_timeout=timeout_s), TOPIC_GONE)
    if store is not None:
        _rows_away(store, run, databases.log)
    forget(live, run.name)
    return gone


def _rows_away(store: Any, run: Run, database: str) -> None:
    """Rows of a run are a partition of their own: dropped at once, without a mutation.

    A run without rows may well be the first thing that was ever asked of a log: no sink has made the tables then.
    """
    tables = "SELECT name FROM system.tables WHERE database = {database:String}"
    there = {name for (name,) in store.query(tables, parameters={"database": database}).result_rows}
    for noun in there.intersection(run.own):
        store.command(f"ALTER TABLE {database}.{noun} DROP PARTITION {{run:String}}", parameters={"run": run.name})


def _groups_away(admin: AdminClient, groups: list[str], timeout_s: float) -> None:
    """A member that has its place for ever is in its group for a session's time after it has ended."""
    until = time.monotonic() + MEMBER_S
    while True:
        try:
            _all(admin.delete_consumer_groups(groups, request_timeout=timeout_s), GROUP_GONE)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NON_EMPTY_GROUP or time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


def _all(futures: dict[str, Any], fine: set[int]) -> None:
    for future in futures.values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() not in fine:
                raise
