"""Where in the log lies what a run reads: asked of the log once, when the run is planned."""

from collections.abc import Sequence

from connectors.places import Missing, Places, stretch_of
from connectors.runs.plan import Place, joined
from connectors.runs.record import BadRun, Reach
from topics.connection import Connection
from topics.extent import Passage
from topics.read import bounds
from topics.registry import Serde
from topics.topic import Topic

BEGINNING_US = -(1 << 62)


class Gone(BadRun):
    """Retention has taken part of what a run would read; `missing` says what."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__(
            "; ".join(str(m) for m in missing) + ". Replay a later part (--from), or what was held (--hold NAME)"
        )


def reaches(
    connection: Connection,
    serde: Serde,
    places: Places,
    passages: Sequence[Passage],
    topics: Sequence[Topic],  # type: ignore[type-arg]
) -> tuple[Reach, ...]:
    """Offsets of every topic that hold the passages; Gone where retention has taken any of them.

    Of live's derived topics, which no index covers, the whole partition as it is now: they are small.
    """
    found: list[tuple[Place, int, int]] = []
    missing: list[Missing] = []
    for topic in topics:
        if topic.kind != "raw":
            name = connection.names.topic(topic)
            found += [(place, *ends) for place, ends in bounds(connection, [name]).items()]
            continue
        for p in passages:
            since_us = BEGINNING_US if p.from_us is None else p.from_us
            part = stretch_of(connection, serde, places, topic, p.stream_id, p.session_id, since_us, p.until_us)
            if isinstance(part, Missing):
                missing.append(part)
            else:
                found.append(((part.topic, part.partition), part.start, part.stop))
    if missing:
        raise Gone(missing)
    return tuple(Reach(t, p, first, end) for (t, p), (first, end) in sorted(joined(found).items()))
