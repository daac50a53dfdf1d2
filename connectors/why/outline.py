"""A chain as a tree for people: records of the same kind under one parent become one line. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.why.chain import Chain, Node
from connectors.why.links import Key, Raw

ORDER = ("highlights", "events", "fused", "speech", "utterances", "sounds", "emotions", "faces", "tracks",
         "detections", "frames", "audio", "packets")  # fmt: skip
SINGLY = {"highlights", "events", "fused", "speech", "utterances"}  # few, and each says something of its own


@dataclass(frozen=True, slots=True)
class Branch:
    """Records of one noun that stand at the same place of the tree; `again` says that they are told further up."""

    noun: str
    nodes: tuple[Node, ...]
    branches: tuple["Branch", ...] = ()
    again: bool = False


def outline(chain: Chain, *, whole: bool = False) -> Branch:
    """The tree. A record's own branches are told where it first stands; `whole` gives every record a line."""
    told: set[Key] = set()
    return _branch(chain, [chain.nodes[chain.root]], told, whole)


def _branch(chain: Chain, nodes: Sequence[Node], told: set[Key], whole: bool) -> Branch:
    new = [n for n in nodes if n.key not in told]
    told.update(n.key for n in nodes)
    below = list(dict.fromkeys(key for n in new for key in n.stands_on))
    groups = _grouped([chain.nodes[k] for k in below], whole)
    branches = [_branch(chain, g, told, whole) for g in groups]
    # A frame is named by each record that speaks of it: once is enough.
    shown = tuple(b for b in branches if not (b.again and isinstance(b.nodes[0].key, Raw)))
    return Branch(nodes[0].noun, tuple(nodes), shown, not new)


def _grouped(nodes: Iterable[Node], whole: bool) -> list[list[Node]]:
    by_noun: dict[str, list[Node]] = {}
    for node in nodes:
        by_noun.setdefault(node.noun, []).append(node)
    out: list[list[Node]] = []
    for noun in sorted(by_noun, key=lambda n: (ORDER.index(n) if n in ORDER else len(ORDER), n)):
        members = sorted(by_noun[noun], key=lambda n: (n.span_us, str(n.key)))
        out += [[m] for m in members] if whole or noun in SINGLY else [members]
    return out


def places(nodes: Sequence[Node]) -> str:
    """Where records lie, in short: `framelog.tracks/2/150…159, 163`."""
    by_partition: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for node in nodes:
        key, at = node.key, node.found.at
        if isinstance(key, Raw):
            by_partition.setdefault((key.topic, key.partition), []).append((key.first, key.last))
        elif at is not None:
            by_partition.setdefault((at.topic, at.partition), []).append((at.offset, at.offset))
    told = []
    for (topic, partition), runs in sorted(by_partition.items()):
        joined = _joined(runs)
        spans = [f"{a}" if a == b else f"{a}…{b}" for a, b in joined[:3]]
        told.append(f"{topic}/{partition}/{', '.join(spans)}{', …' if len(joined) > 3 else ''}")
    return "; ".join(told)


def _joined(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return out
