"""The route: which station or connector reads which topics and writes which. Declarations only."""

from dataclasses import dataclass
from typing import Literal

from schemas.records import Record
from topics import catalog as c
from topics.topic import Topic


@dataclass(frozen=True, slots=True)
class Edge:
    """A station or connector, what it reads (in the order that breaks ties of time) and what it writes."""

    name: str
    kind: Literal["map", "fold", "connector"]
    reads: tuple[Topic[Record], ...]
    writes: Topic[Record]


ROUTE: tuple[Edge, ...] = (
    Edge("streams", "fold", (c.FRAMES, c.AUDIO, c.PACKETS), c.STREAMS),
    Edge("detections", "map", (c.FRAMES,), c.DETECTIONS),
    Edge("faces", "map", (c.FRAMES,), c.FACES),
    Edge("utterances", "fold", (c.AUDIO,), c.UTTERANCES),
    Edge("sounds", "fold", (c.AUDIO,), c.SOUNDS),
    Edge("tracks", "fold", (c.DETECTIONS,), c.TRACKS),
    Edge("speech", "map", (c.UTTERANCES,), c.SPEECH),
    Edge("emotions", "fold", (c.TRACKS, c.FACES, c.SPEECH), c.EMOTIONS),
    Edge("fused", "fold", (c.TRACKS, c.EMOTIONS, c.SPEECH, c.SOUNDS), c.FUSED),
    Edge("events", "fold", (c.FUSED,), c.EVENTS),
    Edge("highlights", "fold", (c.FUSED, c.EVENTS), c.HIGHLIGHTS),
    Edge("clips", "connector", (c.HIGHLIGHTS, c.PACKETS), c.CLIPS),
)
BY_STATION: dict[str, Edge] = {e.name: e for e in ROUTE}
STATIONS = tuple(e.name for e in ROUTE if e.kind != "connector")


def downstream(station: str) -> tuple[str, ...]:
    """A station and all stations that read of what it says, however far, in the route's order.

    KeyError for a name that is not on the route.
    """
    said, found = {BY_STATION[station].writes}, [station]
    for edge in ROUTE:
        if edge.kind != "connector" and edge.name != station and said.intersection(edge.reads):
            said.add(edge.writes)
            found.append(edge.name)
    return tuple(found)
