"""Writes the spans of a round in a thread of its own, so that the next records are read and decoded meanwhile."""

import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from confluent_kafka import Message

from connectors.ranges import Lane, Span
from schemas.codec import Undecodable
from schemas.records import Record
from topics.registry import Serde
from topics.topic import Topic

log = logging.getLogger(__name__)


class StoreDown(Exception):
    """The store did not take a write now; the same write again is harmless."""


class Writer(Protocol):
    """A store that tells a repeated write by its token."""

    def rows(self, name: str, topic: Topic[Record], serde: Serde) -> Callable[[Message], Any | Undecodable]:
        """What makes of a message of the topic (of that name) the row that is kept, or says why not; pure."""
        ...

    def blocks(
        self, name: str, topic: Topic[Record], serde: Serde
    ) -> Callable[[Sequence[Message]], Any | None] | None:
        """What makes of many messages of one partition at once what is written of them, or None of those that have
        to be made rows one by one; None for a topic that has no such way.
        """
        ...

    def write(self, noun: str, span: Span) -> None:
        """Writes a span's rows, or its block, once; StoreDown if that has to be tried again."""
        ...

    def mend(self) -> None:
        """Called between two tries: makes what may be missing. Raises StoreDown if the store is not there."""
        ...


class Writing:
    """One round's spans at a time: `start`, then `ended` until it says so. `made` makes of a span what is written.

    A span whose lane is gone is not tried again: it stays announced and unwritten, and whoever gets the partition
    writes it.
    """

    def __init__(self, writer: Writer, retry_s: tuple[float, float], made: Callable[[Span], Span]) -> None:
        self._writer, self._retry_s, self._made = writer, retry_s, made
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._stopping = threading.Event()
        # Before the first records are there: making the tables took 0.5 s of the first write otherwise (M).
        self._round: Future[None] | None = self._thread.submit(self._prepare)

    def start(self, spans: Sequence[tuple[str, Span, Lane]]) -> None:
        """Begins to write (noun, span, lane); each lane is told by `written` once its span is in the store."""
        assert self._round is None
        self._round = self._thread.submit(self._write, spans)

    def busy(self, wait_s: float = 0.0) -> bool:
        """Whether the round is still being written, after waiting for its end; raises what a write raised that
        no second try can heal.
        """
        if self._round is None:
            return False
        try:
            self._round.result(wait_s)
        except TimeoutError:
            return True
        self._round = None
        return False

    def close(self) -> None:
        """Ends all tries and waits for the write in hand."""
        self._stopping.set()
        self._thread.shutdown(wait=True)

    def _prepare(self) -> None:
        try:
            self._writer.mend()
        except StoreDown as error:
            log.warning("store is down: %s", error)

    def _write(self, spans: Sequence[tuple[str, Span, Lane]]) -> None:
        for noun, cut, lane in spans:
            if lane.gone:
                continue  # its dead letters, too, are told of by whoever has it now
            span = self._made(cut)
            if not (span.rows or span.block) or self._written(noun, span, lane):
                lane.written()

    def _written(self, noun: str, span: Span, lane: Lane) -> bool:
        """Writes a span, for as long as it takes; False if its partition went to another or the sink is to end."""
        wait_s, longest_s = self._retry_s
        while not lane.gone:
            try:
                self._writer.write(noun, span)
                return True
            except StoreDown as error:
                log.warning("%s not written, tried again: %s", span.token(noun), error)
            # Half to whole, so that many sinks do not come back all at once.
            if self._stopping.wait(wait_s * random.uniform(0.5, 1.0)):  # noqa: S311 (no secret)
                return False
            wait_s = min(wait_s * 2, longest_s)
            try:
                self._writer.mend()
            except StoreDown as error:
                log.warning("store is down: %s", error)
        return False
