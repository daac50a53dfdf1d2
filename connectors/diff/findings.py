"""What is found about one noun: counts, the examples that differ most, and when things differ. Bounded."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.records import Ref

CHANGES = ("moved", "rescored", "relabelled", "reasons")
BIN_US = 1_000_000
LANE_SPANS = 2_000
"""Most spans kept for the drawing of each side of a session."""


class Session(NamedTuple):
    """A stream's session."""

    stream_id: str
    session_id: str


NOWHERE = Session("", "")


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that one run says: a box, a word, a span, a field of a window.

    state: same, moved, rescored, relabelled, added, lost, or several joined by a space.
    """

    state: str
    label: str = ""
    text: str = ""
    score: float | None = None
    box: tuple[float, float, float, float] | None = None
    start_us: int | None = None
    end_us: int | None = None
    id: str = ""
    with_id: str = ""
    frame: Ref | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON holds it, without what it does not have."""
        of_all: dict[str, Any] = {
            "state": self.state, "label": self.label, "text": self.text,
            "score": None if self.score is None else round(self.score, 4),
            "box": None if self.box is None else [round(edge, 1) for edge in self.box],
            "start_us": self.start_us, "end_us": self.end_us, "id": self.id, "with_id": self.with_id,
            "frame": None if self.frame is None else self.frame.as_dict(),
        }  # fmt: skip
        return {key: value for key, value in of_all.items() if value not in (None, "") or key == "state"}


@dataclass(frozen=True, slots=True)
class Example:
    """A moment at which the runs differ, with what both say there. `size` orders examples of one noun."""

    kind: str
    size: float
    at_us: int
    end_us: int
    text: str
    a: tuple[Mark, ...] = ()
    b: tuple[Mark, ...] = ()
    a_id: str = ""
    b_id: str = ""
    frame: Ref | None = None
    width_px: int = 0
    height_px: int = 0

    def plain(self, session: Session) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "stream_id": session.stream_id, "session_id": session.session_id,
            "kind": self.kind, "size": round(self.size, 4), "at_us": self.at_us, "end_us": self.end_us,
            "text": self.text, "a_id": self.a_id, "b_id": self.b_id,
            "frame": None if self.frame is None else self.frame.as_dict(),
            "width_px": self.width_px, "height_px": self.height_px,
            "a": [m.plain() for m in self.a], "b": [m.plain() for m in self.b],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LaneSpan:
    """A span of one run on the timeline."""

    start_us: int
    end_us: int
    state: str
    text: str
    score: float | None = None


@dataclass
class Findings:
    """Of one noun over all sessions. `limit`, `apart_us`: how many examples, and how far apart, are kept."""

    limit: int = 12
    apart_us: int = 1_000_000
    counts: Counter[str] = field(default_factory=Counter)
    sums: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    bins: defaultdict[Session, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    lanes: defaultdict[Session, tuple[list[LaneSpan], list[LaneSpan]]] = field(
        default_factory=lambda: defaultdict(lambda: ([], []))
    )
    session: Session = NOWHERE
    _best: list[tuple[Session, Example]] = field(default_factory=list)

    def count(self, kind: str, at_us: int, times: int = 1, end_us: int | None = None) -> None:
        """Something differs at a time, or all along a span."""
        self.counts[kind] += times
        self.differs(at_us, times, end_us)

    def differs(self, at_us: int, times: int = 1, end_us: int | None = None) -> None:
        """The timeline shows a difference; the ends of a span, not all between, carry it."""
        self.bins[self.session][at_us // BIN_US] += times
        if end_us is not None and end_us // BIN_US != at_us // BIN_US:
            self.bins[self.session][end_us // BIN_US] += times

    def example(self, example: Example) -> None:
        """Offers an example; the largest stay, those close to a larger one do not."""
        self._best.append((self.session, example))
        if len(self._best) >= 64 * self.limit:
            self._best = list(self._chosen(16 * self.limit))

    def examples(self) -> list[tuple[Session, Example]]:
        """The largest differences, largest first."""
        return list(self._chosen(self.limit))

    def _chosen(self, most: int) -> Iterator[tuple[Session, Example]]:
        """Greedy in the order of size; equal ones in the order of time."""
        taken: defaultdict[Session, list[int]] = defaultdict(list)
        order = sorted(self._best, key=lambda e: (-e[1].size, e[0], e[1].at_us, e[1].text, e[1].kind))
        kept = 0
        for session, example in order:
            if kept == most:
                return
            if all(abs(example.at_us - other) >= self.apart_us for other in taken[session]):
                taken[session].append(example.at_us)
                kept += 1
                yield session, example

    def lane(self, a: Iterable[LaneSpan], b: Iterable[LaneSpan]) -> None:
        """Spans for the timeline; beyond LANE_SPANS of a side they are left out."""
        for kept, new in zip(self.lanes[self.session], (a, b), strict=True):
            kept.extend(list(new)[: max(0, LANE_SPANS - len(kept))])

    def judged(self, states: Iterable[str], equal: bool, at_us: int, end_us: int | None = None) -> str:
        """Counts a matched pair by what has changed; its state in words, `same` if nothing beyond thresholds."""
        changed = [s for s in CHANGES if s in set(states)]
        self.counts["matched"] += 1
        self.counts["equal" if equal else "changed" if changed else "close"] += 1
        for state in changed:
            self.counts[state] += 1
        if changed:
            self.differs(at_us, 1, end_us)
        return " ".join(changed) or "same"
