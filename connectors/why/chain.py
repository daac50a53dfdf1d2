"""The chain of why as a value: nodes and what each stands on. Pure: fetching is handed in."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.why.links import Derived, Fields, Key, Raw, links, span_us, words
from topics.fetch import At

# log: read from the log. store: the log has deleted it, the store's row has it. there: raw records that can be
# read. partly: some of the raw records have gone. missing: nothing is known but that it was referred to.
State = Literal["log", "store", "there", "partly", "missing"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a fetch gave for a key: its fields (none for raw records), where it lies, in which run."""

    state: State
    why: str = ""
    run: str = ""
    at: At | None = None
    fields: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """A record of the chain. `stands_on` names other nodes of it."""

    key: Key
    found: Found
    stands_on: tuple[Key, ...] = ()

    @property
    def noun(self) -> str:
        """What kind of record."""
        return self.key.noun

    @property
    def span_us(self) -> tuple[int, int]:
        """Stream time it speaks of; (0, 0) where nothing is known."""
        return span_us(self.found.fields)

    @property
    def text(self) -> str:
        """In one line."""
        return words(self.noun, self.found.fields) if self.found.fields else self.found.why


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything that `root` stands on, each record once, in the order in which it was reached."""

    root: Key
    nodes: Mapping[Key, Node]

    @property
    def missing(self) -> list[Node]:
        """Records that are referred to and are nowhere (any more)."""
        return [n for n in self.nodes.values() if n.found.state in ("missing", "partly")]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"root": str(self.root), "nodes": [plain(node) for node in self.nodes.values()]}


def plain(node: Node) -> dict[str, Any]:
    """A node for JSON: what it says, where it lies, and the keys of what it stands on."""
    key, found = node.key, node.found
    start_us, end_us = node.span_us
    at = found.at
    raw = isinstance(key, Raw)
    return {
        "key": str(key), "noun": key.noun, "id": key.id if isinstance(key, Derived) else "", "state": found.state,
        "why": found.why, "run": found.run, "start_us": start_us, "end_us": end_us, "text": node.text,
        "topic": key.topic if isinstance(key, Raw) else at.topic if at else "",
        "partition": key.partition if isinstance(key, Raw) else at.partition if at else -1,
        "offset": key.first if isinstance(key, Raw) else at.offset if at else -1,
        "last_offset": key.last if isinstance(key, Raw) else at.offset if at else -1,
        "raw": raw, "stands_on": [str(k) for k in node.stands_on],
    }  # fmt: skip


Fetch = Callable[[Collection[Key]], Mapping[Key, Found]]


def grow(root: Key, fetch: Fetch) -> Chain:
    """The chain of `root`: breadth first, one fetch for all records of a depth. Every reference becomes a node;
    what the fetch does not know is missing. Ends on any input: a record is asked for once.
    """
    nodes: dict[Key, Node] = {}
    ring: list[Key] = [root]
    while ring:
        answers = fetch(ring)
        found = [Node(key, answers.get(key, Found("missing", "nothing is known of it"))) for key in ring]
        found = [Node(n.key, n.found, tuple(links(n.noun, n.found.fields))) for n in found]
        nodes |= {n.key: n for n in found}
        ring = list(dict.fromkeys(k for n in found for k in n.stands_on if k not in nodes))
    return Chain(root, nodes)
