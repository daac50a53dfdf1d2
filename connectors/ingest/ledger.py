"""Where the sessions of a stream stand: one small record each in the compacted topic `<prefix>.ingest.state`.

Key: `<stream>/<session>`; value: JSON of `Standing`. Whoever ingests a stream holds the transactional id of that
stream: a second one that takes it over fences the first, whose next beat fails, and it stops. The records of raw
topics are written outside transactions, which would leave holes in their offsets.
"""

import time
from collections.abc import Callable
from typing import Literal

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from connectors.ingest.quiet import QUIET
from connectors.ingest.report import IngestError
from topics.connection import Connection
from topics.read import read

FENCED = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})
CALL_S = 20.0
LOOK_S = 0.2
# Longer than a broker may be away in the middle of one: it would take the silence for a death and fence us.
TRANSACTION_S = 300


class TakenOver(IngestError):
    """Another ingest holds the stream now."""


class Spot(msgspec.Struct, frozen=True):
    """A record of a session that the log has confirmed, the last so far of its topic."""

    partition: int
    offset: int
    seq: int
    pts_us: int
    ended: bool = False


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session stands. `begin`: end of each raw topic's partitions, by noun, when the session began."""

    stream: str
    session: str
    live: bool
    begin: dict[str, dict[int, int]]
    spots: dict[str, Spot] = {}
    held: bool = False
    beat: int = 0
    complete: bool = False
    cut: bool = False
    version: int = 1


class Ledger:
    """Reads and writes the standings of one stream."""

    def __init__(self, connection: Connection, stream: str) -> None:
        self._connection = connection
        self._stream = stream
        self._topic = connection.names.state("ingest")
        self._producer: Producer | None = None
        self._owed: Literal["", "commit", "abort"] = ""

    def standings(self) -> dict[str, Standing]:
        """The stream's sessions that the topic knows, by id."""
        found: dict[str, Standing] = {}
        prefix = f"{self._stream}/".encode()
        for message in read(self._connection, [self._topic]):
            key, value = message.key() or b"", message.value()
            if not key.startswith(prefix):
                continue
            session = key[len(prefix) :].decode()
            if value is None:
                found.pop(session, None)
            else:
                found[session] = msgspec.json.decode(value, type=Standing)
        return found

    def free(self, heartbeat_s: float, sleep: Callable[[float], object] = time.sleep) -> dict[str, Standing]:
        """The stream's sessions, once it is sure that nobody writes them; IngestError if somebody does.

        A session whose writer let go of it is free at once; of one that was killed no beat comes for three beats.
        """
        # One whose connections are up claims in 20 ms, one just made in 500 and more.
        self._producer = self._named()
        first = self.standings()
        held = {session: s.beat for session, s in first.items() if s.held}
        until = time.monotonic() + 3 * heartbeat_s
        while held and time.monotonic() < until:
            sleep(LOOK_S)
            now = self.standings()
            if any(now[s].beat != beat for s, beat in held.items() if s in now and now[s].held):
                raise IngestError(
                    f"stream {self._stream} is being ingested by another process: stop that one first, or choose "
                    "another name with --stream"
                )
        return first

    def _named(self, session: str = "") -> Producer:
        # No name of a stream that we ingest has a slash in it.
        name = f"{self._topic}/{self._stream}/{session}" if session else f"{self._topic}.{self._stream}"
        timeout_ms = TRANSACTION_S * 1000
        return Producer(
            self._connection.producer(
                transactional_id=name, transaction_timeout_ms=timeout_ms, message_timeout_ms=timeout_ms
            )
            | QUIET
        )

    def claim(self, session: str = "") -> None:
        """Takes the stream over: whoever held it can write no more standings.

        With a `session` only that one, which no ingest of ours writes: it fences those that end sessions.
        """
        if session or self._producer is None:
            self._producer, self._owed = self._named(session), ""
        try:
            self._producer.init_transactions(60)
        except KafkaException as error:
            raise IngestError(f"the log does not hand out stream {self._stream}: {error.args[0].str()}") from None

    def write(self, standing: Standing) -> None:
        """Writes a standing; TakenOver if another ingest has the stream, IngestError if the log is away for now.

        A call that the broker did not answer in time is asked again by the next one, before anything else.
        """
        producer = self._producer
        assert producer is not None, "claim first"
        key = f"{self._stream}/{standing.session}".encode()
        # A live session has a new id at each start: once complete nobody will ask for it again.
        value = None if standing.complete and standing.live else msgspec.json.encode(standing)
        for again in (True, False):
            try:
                self._settle(producer)
                producer.begin_transaction()
                self._owed = "commit"
                producer.produce(self._topic, key=key, value=value)
                self._settle(producer)
                return
            except KafkaException as error:
                cause = error.args[0]
                if cause.code() in FENCED or cause.fatal():
                    raise TakenOver(
                        f"stream {self._stream} was taken over by another ingest: this one has stopped"
                    ) from None
                if cause.txn_requires_abort():
                    self._owed = "abort"
                    if again:
                        continue
                raise IngestError(
                    f"the log does not take where stream {self._stream} stands: {cause.str()}"
                ) from None

    def _settle(self, producer: Producer) -> None:
        """Ends the transaction that is open, if one is; KafkaException if that has to be asked again."""
        if self._owed == "commit":
            producer.commit_transaction(CALL_S)
        elif self._owed == "abort":
            producer.abort_transaction(CALL_S)
        self._owed = ""
