"""Writes down, beat by beat, where the session is, while others do the work."""

import threading

import msgspec

from connectors.ingest.ledger import Ledger, Standing, TakenOver
from connectors.ingest.report import IngestError
from connectors.ingest.writer import Writer


class Beat:
    """A thread that writes the standing of a session every `heartbeat_s`, with what the log has confirmed."""

    def __init__(self, ledger: Ledger, standing: Standing, writer: Writer, heartbeat_s: float) -> None:
        self._ledger = ledger
        self._standing = standing
        self._writer = writer
        self._heartbeat_s = heartbeat_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)
        self.error: IngestError | None = None
        ledger.write(self._now(held=True))
        self._thread.start()

    def _now(self, *, held: bool, complete: bool = False) -> Standing:
        self._standing = msgspec.structs.replace(
            self._standing,
            spots=self._standing.spots | self._writer.confirmed(),
            held=held,
            complete=complete,
            beat=self._standing.beat + 1,
        )
        return self._standing

    def _run(self) -> None:
        while not self._done.wait(self._heartbeat_s):
            try:
                self._ledger.write(self._now(held=True))
            except TakenOver as error:
                self.error = error
                return
            except IngestError:  # a log that is away: the writer waits for it, as long as it is told to
                continue

    def check(self) -> None:
        """IngestError if the stream is no longer ours."""
        if self.error is not None:
            raise self.error

    def finish(self, *, complete: bool) -> None:
        """Stops the beat and lets go of the session."""
        self._done.set()
        self._thread.join()
        self.check()
        self._ledger.write(self._now(held=False, complete=complete))

    def abandon(self) -> None:
        """Stops the beat without a word, as after an error."""
        self._done.set()
        self._thread.join()
