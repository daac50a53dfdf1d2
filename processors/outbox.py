"""What a partition has to say: what the log has of it already, what is on its way, how far all is safely out."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from processors import envelope
from processors.drive import Outcome, Said, session_of
from processors.exits import on_error
from processors.place import Place, Write
from processors.reading import Encode
from schemas.records import Record
from topics.connection import Connection
from topics.route import Edge


class Outbox:
    """Outputs and dead letters of one partition, in order.

    out: Offset behind the last output that the log has confirmed; `dead` the same for each input's dead letters.
    done: Per input, the offset behind the last record all of whose outputs are safely out.
    """

    def __init__(self, connection: Connection, edge: Edge, partition: int, place: Place, encode: Encode) -> None:
        self.done = list(place.starts)
        self.out, self.dead = place.cut.out, list(place.cut.dead)
        self._names, self._edge, self._partition = connection.names, edge, partition
        self._place, self._encode = place, encode
        self._output = connection.names.topic(edge.writes)
        self._dlqs = [connection.names.dlq(t) for t in edge.reads]
        self._flying: deque[asyncio.Future[Any]] = deque()

    def write_of(self, outcome: Outcome) -> Write | None:
        """The message that an outcome makes; None if the log has it already. In the order of the outcomes."""
        cause = outcome.cause.stored
        if isinstance(outcome, Said):
            record = outcome.record
            if self._said_before(record):
                return None
            headers = envelope.of_output(self._edge, self._names, record, cause)
            return Write(self._output, record.stream_id.encode(), self._encode(record), headers, False)
        if (outcome.cause.input, cause.ref.offset) in self._place.dead:
            self._place.dead.discard((outcome.cause.input, cause.ref.offset))
            return None
        headers = envelope.of_dead(self._edge, cause, outcome.reason)
        return Write(self._dlqs[outcome.cause.input], cause.key, cause.value, headers, True)

    def _said_before(self, record: Record) -> bool:
        session = session_of(record)
        last = self._place.said.get(session, -1)
        if 0 <= last <= record.seq:
            del self._place.said[session]
        return record.seq <= last

    async def send(
        self, producer: AIOKafkaProducer, writes: Sequence[Write], reached: dict[int, int], at: str
    ) -> None:
        """Sends what inputs up to `reached` (the offset behind, by input) made; `at` names them in an error."""
        for w in writes:
            future = await producer.send(w.topic, w.value, key=w.key, partition=self._partition, headers=w.headers)
            future.add_done_callback(lambda f: self._confirmed(f, at))
            self._flying.append(future)
            if w.dead:
                # Before anything later: a Map's place is read from its output, and nothing dead lies behind it.
                await future
        while self._flying and self._flying[0].done():
            self._flying.popleft()
        if self._flying:
            self._flying[-1].add_done_callback(lambda _: self._reached(reached))
        else:
            self._reached(reached)

    async def settle(self) -> None:
        """Waits until everything that was sent is safely out."""
        while self._flying:
            await self._flying.popleft()

    def _reached(self, reached: dict[int, int]) -> None:
        for at, offset in reached.items():
            self.done[at] = max(self.done[at], offset)

    def _confirmed(self, future: "asyncio.Future[Any]", at: str) -> None:
        on_error(f"writing behind {at}", future)
        if not future.cancelled():
            meta = future.result()
            if meta.topic == self._output:
                self.out = max(self.out, meta.offset + 1)
            else:
                n = self._dlqs.index(meta.topic)
                self.dead[n] = max(self.dead[n], meta.offset + 1)
