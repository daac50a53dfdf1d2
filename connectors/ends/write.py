"""Writes the end marks that a session lacks: fenced against its producer, and against others who do the same."""

from collections.abc import Callable
from typing import Any

import msgspec

from connectors.ends.plan import Unended
from connectors.ingest.ledger import Ledger, Standing
from connectors.ingest.records import Numbering
from connectors.ingest.writer import Writer
from connectors.sources.config import Config as IngestConfig
from topics.connection import Connection
from topics.registry import Serde


def end_session(
    connection: Connection,
    serde: Serde,
    session: Unended,
    again: Callable[[Unended], Unended],
    reason: str,
    config: IngestConfig,
    between: Callable[[str], Any] = lambda _: None,
) -> tuple[str, ...]:
    """Ends a session on every raw topic that lacks its end; answers with those topics' nouns.

    First the session is taken over: from an ingest of ours by the transactional id of its stream, which shuts a
    frozen one out; from nobody, where it is another producer's, but from others that would end it too. Then
    `again` looks how far it is, the ledger notes that it is being ended (so that whoever finds it half done goes
    on at once), the marks are written, the ledger notes that it is over. IngestError if an ingest writes the
    stream, or somebody took the session over meanwhile. `between` is called with each noun before its mark is
    written.
    """
    ledger = Ledger(connection, session.stream_id)
    standing = ledger.standings().get(session.session_id)
    foreign = standing is None or (standing.cut and standing.live)
    if not foreign:
        ledger.free(config.heartbeat_s)
    ledger.claim(session.session_id if foreign else "")
    now = again(session)
    if standing is None:
        standing = Standing(stream=session.stream_id, session=session.session_id, live=True, begin={})
    standing = msgspec.structs.replace(standing, spots=dict(now.spots), held=False, cut=True)
    ledger.write(standing)
    writer = Writer(connection, serde, now.spots, config.log_patience_s, reason)
    numbering = Numbering(session.stream_id, session.session_id)
    end_us = max((spot.pts_us for spot in now.spots.values()), default=0)
    for noun, spot in now.spots.items():
        numbering.set(noun, spot.seq, spot.pts_us)
    for noun in now.open:
        between(noun)
        writer.write(numbering.end(noun, end_us))
        writer.flush(config.log_patience_s)
    ledger.write(msgspec.structs.replace(standing, spots=writer.confirmed(), complete=True))
    return now.open
