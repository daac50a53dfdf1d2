"""From what is asked for to what a run reads: which sessions, which stations, which offsets. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.places import Session
from connectors.runs.record import BadRun
from topics.catalog import BY_NOUN, FRAMES, RAW
from topics.extent import Passage
from topics.route import BY_STATION, STATIONS, downstream
from topics.topic import Topic

Place = tuple[str, int]
NOTICES = "streams"
MOST_FPS = 240.0
RANGE = re.compile(r"(\w+):(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be replayed: of a stream all sessions or one; from_us <= stream time < until_us of it, or
    first <= offset < end of some raw nouns (of the others nothing); the stations from `station` on (None: all);
    with frames of its own at `fps`, made again from the logged packets (0: the log's own frames).
    """

    stream: str
    session: str | None = None
    from_us: int | None = None
    until_us: int | None = None
    station: str | None = None
    offsets: tuple[tuple[str, int, int], ...] = ()
    fps: float = 0.0

    @property
    def part(self) -> bool:
        """Whether less than whole sessions is asked for."""
        return self.from_us is not None or self.until_us is not None or bool(self.offsets)


def passages(asked: Asked, known: Sequence[Session]) -> tuple[Passage, ...]:
    """The sessions, or parts of them, that are asked for; BadRun where there is none or it is not clear which."""
    of_stream = [s for s in known if s.stream_id == asked.stream]
    if not of_stream:
        raise BadRun(f"the log knows no stream {asked.stream!r}: `framelog streams` lists them")
    if asked.from_us is not None and asked.until_us is not None and asked.from_us >= asked.until_us:
        raise BadRun(f"--from {asked.from_us / 1e6:g} s is not before --to {asked.until_us / 1e6:g} s")
    part = asked.from_us is not None or asked.until_us is not None
    if part and asked.offsets:
        raise BadRun("say either stream time (--from, --to) or --offsets")
    chosen = [s for s in of_stream if asked.session in (None, s.session_id)]
    if not chosen:
        ids = ", ".join(s.session_id for s in of_stream[-5:])
        raise BadRun(f"stream {asked.stream} has no session {asked.session!r}; its latest are: {ids}")
    if part and len(chosen) > 1:
        ids = ", ".join(s.session_id for s in chosen[-5:])
        raise BadRun(f"stream {asked.stream} has {len(chosen)} sessions: choose one with --session ({ids})")
    found = [Passage(s.stream_id, s.session_id, asked.from_us, asked.until_us) for s in chosen]
    if part:
        only = chosen[0]
        behind = asked.from_us is not None and asked.from_us > only.last_us
        before = asked.until_us is not None and asked.until_us <= only.first_us
        if behind or before:
            raise BadRun(
                f"session {only.session_id} goes from {only.first_us / 1e6:.2f} to {only.last_us / 1e6:.2f} s: "
                "nothing of it lies in the time that was asked for"
            )
    return tuple(sorted(found))


def stations(asked: Asked) -> tuple[str, ...]:
    """What the run runs, in the route's order. Of a part of a session no `streams`: it tells of whole ones.

    BadRun for a station that is none.
    """
    if asked.station is not None:
        if asked.station not in STATIONS:
            raise BadRun(f"no such station: {asked.station!r}; there are {', '.join(STATIONS)}")
        found = downstream(asked.station)
        if asked.offsets and any(t.kind != "raw" for t in inputs(found)):
            raise BadRun("--offsets are of raw topics: leave --from-station out")
        return found
    return tuple(s for s in STATIONS if not (asked.part and s == NOTICES))


def own_nouns(run_stations: Sequence[str], fps: float = 0.0) -> tuple[str, ...]:
    """The nouns that such a run writes."""
    return (*((FRAMES.noun,) if fps else ()), *(BY_STATION[s].writes.noun for s in run_stations))


def inputs(run_stations: Sequence[str], fps: float = 0.0) -> tuple[Topic, ...]:  # type: ignore[type-arg]
    """The topics that a run reads and does not write itself, in the catalog's order."""
    own = set(own_nouns(run_stations, fps))
    read = {t.noun for s in run_stations for t in BY_STATION[s].reads} - own
    return tuple(t for noun, t in BY_NOUN.items() if noun in read)


def checked_fps(asked: Asked) -> float:
    """The rate that was asked for; BadRun where it can not be."""
    if not asked.fps:
        return 0.0
    if not 0 < asked.fps <= MOST_FPS:
        raise BadRun(f"--fps {asked.fps:g}: say more than 0 and at most {MOST_FPS:g} pictures a second")
    if asked.offsets:
        raise BadRun("--fps makes frames of its own, which have other offsets: leave --offsets out")
    if not any(FRAMES in BY_STATION[s].reads for s in stations(asked)):
        raise BadRun(f"--fps makes other frames, but nothing from {asked.station} on reads any")
    return asked.fps


def offsets_of(words: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """`frames:100-200` and the like as noun, first offset, end offset. BadRun for other words."""
    found = []
    for word in words:
        match = RANGE.fullmatch(word)
        if match is None or match[1] not in {t.noun for t in RAW} or int(match[2]) >= int(match[3]):
            raise BadRun(
                f"--offsets {word!r}: say NOUN:FIRST-END of frames, audio or packets, such as frames:100-200"
            )
        found.append((match[1], int(match[2]), int(match[3])))
    if len({noun for noun, _, _ in found}) < len(found):
        raise BadRun("--offsets: one range a noun")
    return tuple(found)


def joined(places: Sequence[tuple[Place, int, int]]) -> dict[Place, tuple[int, int]]:
    """One stretch a partition that holds all of those that are given as place, first offset, end offset."""
    whole: dict[Place, tuple[int, int]] = {}
    for place, first, end in places:
        low, high = whole.get(place, (first, end))
        whole[place] = min(low, first), max(high, end)
    return whole
