"""What a run reads: chosen from the log, or from a hold of what the log has no more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.holds import Manifest
from connectors.places import places_of
from connectors.runs.plan import Asked, checked_fps, inputs, joined, passages
from connectors.runs.reach import offset_reaches, reaches
from connectors.runs.record import BadRun, Reach
from topics.catalog import RAW
from topics.connection import Connection
from topics.extent import Passage
from topics.registry import Serde


@dataclass(frozen=True, slots=True)
class Chosen:
    """Sessions or parts of them, where they lie, and how long they are in stream time (us); 0 where unknown."""

    passages: tuple[Passage, ...]
    reaches: tuple[Reach, ...]
    length_us: int = 0


def from_log(asked: Asked, connection: Connection, run_stations: Sequence[str]) -> Chosen:
    """What was asked for, as the log has it. BadRun where it has none such, Gone where retention took it."""
    topics = inputs(run_stations, checked_fps(asked))
    with Serde(connection) as serde:
        places = places_of(connection, serde, asked.stream, behind=RAW)
        chosen = passages(asked, places.sessions(asked.stream))
        if asked.offsets:
            where, chosen = offset_reaches(connection, serde, asked, chosen, topics)
        else:
            where = reaches(connection, serde, places, chosen, topics)
    last_us = {(s.stream_id, s.session_id): s.last_us for s in places.sessions(asked.stream)}
    length_us = 0
    for p in chosen:
        last = last_us.get((p.stream_id, p.session_id), 0)
        length_us += max(0, (last if p.until_us is None else min(p.until_us, last)) - (p.from_us or 0))
    return Chosen(chosen, where, length_us)


def held_part(asked: Asked, manifest: Manifest) -> Asked:
    """What is asked for of a hold: all that it holds, where nothing is said. A hold of a part of a session is
    asked for as one, so that nothing is said of the whole stream.
    """
    hold = manifest.hold
    return replace(
        asked,
        from_us=hold.from_us if asked.from_us is None else asked.from_us,
        until_us=hold.until_us if asked.until_us is None else asked.until_us,
    )


def from_hold(asked: Asked, manifest: Manifest, connection: Connection, run_stations: Sequence[str]) -> Chosen:
    """What was asked for (`held_part`), as a hold has it. BadRun where it holds none of that."""
    hold, topics = manifest.hold, inputs(run_stations)
    if asked.stream != hold.stream or asked.session not in (None, hold.session):
        raise BadRun(f"hold {hold.name} is of session {hold.session} of stream {hold.stream}")
    if asked.fps:
        raise BadRun("--fps decodes the log's own packets: leave --hold out")
    if asked.offsets or any(t.kind != "raw" for t in topics):
        raise BadRun("a hold has raw records alone: leave --offsets and --from-station out")
    since_us, until_us = asked.from_us, asked.until_us
    if (since_us or 0) < (hold.from_us or 0) or (
        hold.until_us is not None and (until_us is None or until_us > hold.until_us)
    ):
        until = "the end" if hold.until_us is None else f"{hold.until_us / 1e6:g} s"
        raise BadRun(f"hold {hold.name} goes from {(hold.from_us or 0) / 1e6:g} s to {until}")
    names = {connection.names.topic(t): t for t in topics}
    places = [((r.topic, r.partition), r.start, r.stop) for r in hold.ranges if r.topic in names]
    have = {topic for (topic, _), _, _ in places}
    partition = hold.ranges[0].partition if hold.ranges else 0
    places += [((name, partition), 0, 0) for name in names if name not in have]
    where = tuple(Reach(t, p, first, end) for (t, p), (first, end) in sorted(joined(places).items()))
    return Chosen(
        (Passage(hold.stream, hold.session, since_us, until_us),), where, max(0, (until_us or 0) - (since_us or 0))
    )
