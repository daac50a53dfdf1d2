"""One rebuild at a time for a database: who is at work is a member of a consumer group, and nobody else is.

The broker knows who is in a group and puts a member out that has died, so the lock ends with its owner wherever it
ran: at once where that ended in good order, after `SESSION_MS` where it was killed.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from topics.broker import ensure_topics
from topics.connection import Connection
from topics.read import consumer

SESSION_MS = 6_000
PATIENCE_S = 15.0  # a killed owner is out of the group by then
ANSWER_S = 2.0
LOOK_S = 0.2


class Taken(Exception):
    """Another rebuild of the database is at work, or has taken over; the message says which, and what to do."""


@contextmanager
def alone(connection: Connection, database: str, patience_s: float = PATIENCE_S) -> Iterator[Callable[[], None]]:
    """Nobody else is in here for the same database of the same log meanwhile. Gives what raises Taken once this
    process is no longer in the group (frozen for longer than `SESSION_MS`): call it before what can not be undone.

    Who comes in looks who is there, and goes on only after having seen itself alone. The broker takes members in
    one after the other, so of two at least the later one sees the other. Raises Taken after `patience_s`.
    """
    ensure_topics(connection)
    group, ended = connection.names.group(f"rebuild.{database}"), threading.Event()
    admin = AdminClient(connection.confluent())

    own: list[str] = []

    def stay() -> None:
        while not ended.is_set():
            client.poll(LOOK_S)
            own[:] = own or filter(None, [client.memberid()])  # asked beside a poll, it never answers

    def check() -> None:
        if member not in _members(admin, group, patience_s):
            raise Taken(
                f"this rebuild of {database} stood still for too long: call it again, it goes on from here"
            )

    with consumer(
        connection,
        group_id=group,
        client_id=f"{socket.gethostname()}-{os.getpid()}",
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=1000,
        auto_offset_reset="latest",
    ) as client:
        client.subscribe([connection.names.runs])
        staying = threading.Thread(target=stay, name="alone", daemon=True)
        staying.start()
        try:
            member = _entered(admin, group, own, database, patience_s)
            yield check
        finally:
            ended.set()
            staying.join()


def _entered(admin: AdminClient, group: str, own: Sequence[str], database: str, patience_s: float) -> str:
    """The member's id, once it is the group's only one; `own` holds it as soon as it is known."""
    until_s, others = time.monotonic() + patience_s, [""]
    while time.monotonic() < until_s:
        members = _members(admin, group, patience_s) if own else {}
        others = sorted(client for one, client in members.items() if one not in own)
        if members and not others:
            return own[0]
        time.sleep(LOOK_S)
    who = f" ({others[0]})" if others and others[0] else ""
    raise Taken(f"another rebuild of {database} is at work{who}: wait for it to end, or end it")


def _members(admin: AdminClient, group: str, patience_s: float) -> dict[str, str]:
    """Client ids of a group's members, by member id. Asks again while a coordinator is being made or moved: who
    asked before hears nothing of it.
    """
    until_s = time.monotonic() + patience_s
    while True:
        try:
            asked = admin.describe_consumer_groups([group], request_timeout=ANSWER_S)
            found = asked[group].result()
        except KafkaException:
            if time.monotonic() > until_s:
                raise
            time.sleep(LOOK_S)
        else:
            return {member.member_id: member.client_id for member in found.members}
