"""One partition as the cutter sees it: which highlights wait, which are answered, where a successor goes on. Pure.

Highlights of one session are answered in their order; sessions do not wait for each other. So the answers are not
in the order of the highlights, and a record of the output says two things about the place of the cutter that wrote
it: before which highlight all are answered, and where in the output the answers to later ones begin.
"""

from collections import deque
from dataclasses import dataclass, field

from connectors.clips.index import SessionIndex
from connectors.clips.patience import Patience
from schemas.records import Highlight

Key = tuple[str, str]
LATE_S = 10.0  # packets that have not come for so long are told of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cutter stands in a partition.

    done: offset before which every highlight is answered. since: offset in the output from which on all answers
    to highlights at or after `done` lie.
    """

    done: int
    since: int


@dataclass(slots=True)
class Lane:
    """One partition.

    next: highlight to be read next. end: output offset behind the last answer known. answered: output offsets of
    the answers to highlights at or after the place. followed: packets offset from which on every record is taken.
    scanned: the packets were read to their end. moved_s: when something of a session last came.
    """

    next: int = 0
    end: int = 0
    followed: int = 0
    scanned: bool = False
    answered: dict[int, int] = field(default_factory=dict)
    waiting: dict[Key, deque[tuple[int, Highlight]]] = field(default_factory=dict)
    sessions: dict[Key, SessionIndex] = field(default_factory=dict)
    moved_s: dict[Key, float] = field(default_factory=dict)
    looked_s: dict[Key, float] = field(default_factory=dict)

    def take(self, offset: int, highlight: Highlight, now_s: float) -> None:
        """Takes a highlight; one that is answered already, or waits already, is left alone."""
        if offset < self.next:
            return
        self.next = offset + 1
        if offset not in self.answered:
            key = (highlight.stream_id, highlight.session_id)
            if key not in self.waiting:
                self.moved_s[key] = now_s
            self.waiting.setdefault(key, deque()).append((offset, highlight))

    def heads(self) -> list[tuple[int, Highlight]]:
        """The highlight of each session that is to be answered next, in the log's order."""
        return sorted((queue[0] for queue in self.waiting.values()), key=lambda head: head[0])

    def late(self, patience: Patience, now_s: float) -> set[str]:
        """Streams of which a highlight waits for packets that might have come long ago."""
        waiting = self.waiting if self.scanned else {}
        return {stream for stream, s in waiting if patience.without_s(self.moved_s[stream, s], now_s) > LATE_S}

    def place(self, answering: int | None = None) -> Place:
        """Where it stands, once a waiting highlight (its offset) is answered too."""
        queues = (q if q[0][0] != answering else list(q)[1:2] for q in self.waiting.values())
        done = min((q[0][0] for q in queues if q), default=self.next)
        return Place(done, min((at for o, at in self.answered.items() if o >= done), default=self.end))

    def answer(self, offset: int, highlight: Highlight, at: int) -> None:
        """The highlight is answered by the output's record `at`; a session's end frees what is kept of it."""
        key = (highlight.stream_id, highlight.session_id)
        queue = self.waiting[key]
        queue.popleft()
        if not queue:
            del self.waiting[key]
            if highlight.end:
                for kept in (self.sessions, self.moved_s, self.looked_s):
                    kept.pop(key, None)
        self.answered[offset], self.end = at, at + 1
        done = self.place().done
        for old in [o for o in self.answered if o < done]:
            del self.answered[old]
