"""Finds sessions that nobody writes any more in what the `streams` station keeps, and has them ended."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import KafkaException

from connectors.ends.config import Config
from connectors.ends.look import Key, catch_up, followed_by_ours, last_ms, log_now_ms
from connectors.ends.plan import Unended, why
from connectors.ends.write import end_session
from connectors.ingest.ledger import Ledger, Spot
from connectors.ingest.report import IngestError
from connectors.sources.config import Config as IngestConfig
from processors.session import NOTHING, Kept
from processors.snapshots import snapshot_of
from processors.tail import read_tails
from topics.connection import Connection
from topics.partitioner import partition_of
from topics.read import consumer, partitions_of
from topics.registry import Serde
from topics.route import BY_STATION

log = logging.getLogger(__name__)
WATCH = BY_STATION["streams"]
NOUNS = tuple(t.noun for t in WATCH.reads)
QUIET_S = 5.0


def unended(kept: Kept, partition: int) -> Unended:
    """A session of the station's snapshot."""
    guards, offsets = kept.seen or kept.guards, kept.last or kept.past
    spots = {
        noun: Spot(partition, offset, guard.seq, guard.pts_us, guard.ended)
        for noun, guard, offset in zip(NOUNS, guards, offsets, strict=False)
        if guard.seq >= 0
    }
    rivals = [(noun, at) for noun, at in zip(NOUNS, kept.rival, strict=False) if at != NOTHING]
    return Unended(kept.stream_id, kept.session_id, partition, spots, rivals[0] if rivals else None)


@dataclass(frozen=True, slots=True)
class Known:
    """What the `streams` station knew at its last snapshots: sessions, and where it had read each raw topic to."""

    sessions: dict[Key, Unended]
    starts: dict[tuple[str, int], int]
    ended: set[Key]

    def of(self, partition: int) -> dict[tuple[str, int], int]:
        """Where to go on reading the raw topics of one partition."""
        return {place: at for place, at in self.starts.items() if place[1] == partition}


def known(connection: Connection) -> Known:
    """Open sessions by the station's snapshots; where there is none yet, all of the log is still to be read."""
    state = connection.names.state(WATCH.name)
    with consumer(connection) as client:
        partitions = [tp.partition for tp in partitions_of(client, [state])]
    tails = read_tails(connection, {(state, p): None for p in partitions})
    sessions, starts, ended = dict[Key, Unended](), dict[tuple[str, int], int](), set[Key]()
    for p in partitions:
        snapshot = snapshot_of(tails[state, p])
        taken = snapshot.cut.taken if snapshot.cut else (0,) * len(NOUNS)
        ended |= set(snapshot.cut.ended if snapshot.cut else ())
        starts |= {(noun, p): at for noun, at in zip(NOUNS, taken, strict=True)}
        sessions |= {(k.stream_id, k.session_id): unended(k, p) for k in snapshot.sessions}
    return Known(sessions, starts, ended)


class Endings:
    """Looks every now and then. Sessions that have moved since the last look cost nothing."""

    def __init__(self, connection: Connection, config: Config, ingest: IngestConfig) -> None:
        self._connection, self._config, self._ingest = connection, config, ingest
        self._before: dict[Key, Unended] = {}

    def look(self, between: Callable[[str], object] = lambda _: None) -> list[tuple[Key, str]]:
        """Ends what is to be ended; answers with the sessions and why."""
        at = known(self._connection)
        still = [s for key, s in at.sessions.items() if s == self._before.get(key)]
        self._before = at.sessions
        if not still:
            return []
        done, now_ms = [], log_now_ms(self._connection)
        with Serde(self._connection) as serde:
            for session in still:
                key = session.stream_id, session.session_id

                def again(_: Unended, key: Key = key, place: int = session.partition) -> Unended:
                    return catch_up(self._connection, serde, at.sessions, at.of(place), lambda k: k[0] == key[0])[
                        key
                    ]

                reason = self._why(session, now_ms)
                # What the station has not read yet is looked at only where something is to be done.
                if reason and self._why(again(session), now_ms):
                    try:
                        end_session(self._connection, serde, session, again, reason, self._ingest, between)
                    except IngestError as error:
                        log.warning("%s %s is not ended: %s", *key, error)
                        continue
                    log.warning("%s %s is ended: %s", *key, reason)
                    done.append((key, reason))
        return done

    def _why(self, session: Unended, now_ms: int) -> str:
        """Why a session is to be ended now; empty if it is not."""
        standing = Ledger(self._connection, session.stream_id).standings().get(session.session_id)
        return why(
            session,
            last_ms(self._connection, session),
            now_ms,
            self._config,
            followed_by_ours=followed_by_ours(self._connection, session),
            begun=standing is not None and standing.cut and not standing.complete,
        )

    def run(self, stopped: threading.Event) -> None:
        """Until stopped. Whatever goes wrong is told and tried again: it must end nobody's work."""
        while not stopped.wait(self._config.look_s):
            try:
                self.look()
            except KafkaException as error:
                log.warning("sessions that were left can not be looked for: %s", error.args[0])
            except Exception:
                log.exception("sessions that were left can not be looked for")


@contextmanager
def watching(connection: Connection, config: Config, ingest: IngestConfig, wanted: bool) -> Iterator[None]:
    """Looks in a thread of its own while the body runs."""
    stopped = threading.Event()
    thread = threading.Thread(target=Endings(connection, config, ingest).run, args=(stopped,), name="endings")
    if not wanted or config.look_s <= 0:
        yield
        return
    thread.daemon = True
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(10)


class StillWritten(Exception):
    """A session can not be ended because something was written on it a moment ago; the message says what to do."""


def end_by_hand(
    connection: Connection, stream: str, session: str, ingest: IngestConfig
) -> list[tuple[Unended, tuple[str, ...]]]:
    """Ends a stream's open sessions, or one of them; answers with the topics that each was ended on.

    Does not need the `streams` station to run. StillWritten or IngestError if a producer is alive.
    """
    place = partition_of(stream.encode(), connection.partitions)
    at, done = known(connection), []
    with Serde(connection) as serde:

        def look() -> dict[Key, Unended]:
            return catch_up(connection, serde, at.sessions, at.of(place), lambda key: key[0] == stream)

        for key, found in sorted(look().items()):
            if key in at.ended or not found.open or session not in ("", key[1]):
                continue
            quiet_s = (log_now_ms(connection) - last_ms(connection, found)) / 1000
            if quiet_s < QUIET_S:
                raise StillWritten(
                    f"session {key[1]} of stream {stream} was written to {max(quiet_s, 0):.1f} s ago: stop its "
                    f"producer first; it can be ended when nothing has come for {QUIET_S:.0f} s"
                )

            def again(_: Unended, key: Key = key) -> Unended:
                return look()[key]

            nouns = end_session(connection, serde, found, again, "ended by hand (framelog end)", ingest)
            done.append((found, nouns))
    return done
