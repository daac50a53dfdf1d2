"""What waits for one listener: the newest state of each thing, the last items, and every highlight."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["state", "item", "highlight"]
ITEMS = 500
HIGHLIGHTS = 20_000


@dataclass(frozen=True, slots=True)
class Message:
    """Something that happened. Of a state only the newest per (stream, noun) matters; an item (words, an event)
    may be lost to a slow listener, and it is told how many; a highlight never is.
    """

    kind: Kind
    stream_id: str
    noun: str
    body: dict[str, Any]


class Mailbox:
    """Not thread-safe: whoever holds it locks. `stream_id` empty: all streams."""

    def __init__(self, stream_id: str = "") -> None:
        self.stream_id = stream_id
        self._states: OrderedDict[tuple[str, str], Message] = OrderedDict()
        self._items: deque[Message] = deque()
        self._highlights: deque[Message] = deque()
        self._lost = 0
        self.overrun = False

    def put(self, message: Message) -> None:
        """Takes a message, if it is for this listener. With 20,000 highlights unread `overrun` is set: the
        listener is to be sent away, to ask for them by itself.
        """
        if self.stream_id not in {"", message.stream_id}:
            return
        if message.kind == "state":
            self._states[message.stream_id, message.noun] = message
        elif message.kind == "item":
            self._items.append(message)
            if len(self._items) > ITEMS:
                self._items.popleft()
                self._lost += 1
        elif len(self._highlights) < HIGHLIGHTS:
            self._highlights.append(message)
        else:
            self.overrun = True

    def lose(self, count: int) -> None:
        """Remembers that so many items will never come."""
        self._lost += count

    def take(self) -> list[dict[str, Any]]:
        """Everything that waits, highlights first; nothing waits afterwards."""
        waiting = [*self._highlights, *self._items, *self._states.values()]
        out = [{"type": m.kind, "noun": m.noun, "stream": m.stream_id, "record": m.body} for m in waiting]
        if self._lost:
            out.append({"type": "lost", "noun": "", "stream": self.stream_id, "record": {"items": self._lost}})
        self._states.clear()
        self._items.clear()
        self._highlights.clear()
        self._lost = 0
        return out

    def __len__(self) -> int:
        return len(self._states) + len(self._items) + len(self._highlights)
