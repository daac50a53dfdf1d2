"""The chain of why: every reference is a node, nothing is asked twice, nothing is hidden."""

from collections.abc import Collection, Mapping

from hypothesis import given
from hypothesis import strategies as st

from connectors.why.chain import Chain, Found, Node, grow
from connectors.why.links import Derived, Key, Raw, links, span_us, words
from connectors.why.outline import Branch, outline, places
from connectors.why.picture import marks, shown
from topics.fetch import At

NOUNS = ("tracks", "detections", "fused", "events")
Graph = dict[str, list[str]]


def graphs() -> st.SearchStrategy[Graph]:
    """Records by id and the windows that they name, cycles and names of nobody included."""
    names = st.integers(0, 12).map(str)
    return st.dictionaries(names, st.lists(names, max_size=5), max_size=10)


def grown(graph: Graph) -> tuple[Chain, list[Key]]:
    asked: list[Key] = []

    def fetch(keys: Collection[Key]) -> Mapping[Key, Found]:
        asked.extend(keys)
        known = (k for k in keys if isinstance(k, Derived) and k.id in graph)
        # `event_ids` and `fused_ids` in turn, so that no noun names itself
        return {k: Found("log", "", "live", At("t", 0, int(k.id)), below(k.noun, graph[k.id])) for k in known}

    return grow(Derived("highlights", "0"), fetch), asked


def below(noun: str, ids: list[str]) -> dict[str, object]:
    return {"pts_us": 1, "event_ids" if noun == "fused" else "fused_ids": ids}


def test_a_record_that_stands_on_nothing_is_a_chain_of_one() -> None:
    chain, asked = grown({"0": []})
    assert list(chain.nodes) == asked == [Derived("highlights", "0")]
    assert chain.missing == []
    assert outline(chain) == Branch("highlights", (chain.nodes[chain.root],))


def test_a_record_that_is_nowhere_is_a_node_that_says_so() -> None:
    chain, _ = grown({"0": ["5"]})
    assert [n.key for n in chain.missing] == [Derived("fused", "5")]
    assert chain.as_dict()["nodes"][1] == {
        "key": "fused:5", "noun": "fused", "id": "5", "state": "missing", "why": "nothing is known of it",
        "run": "", "start_us": 0, "end_us": 0, "text": "nothing is known of it", "topic": "", "partition": -1,
        "offset": -1, "last_offset": -1, "raw": False, "stands_on": [],
    }  # fmt: skip


@given(graphs())
def test_every_reference_is_a_node_and_each_is_asked_for_once_whatever_the_graph(graph: Graph) -> None:
    chain, asked = grown(graph)
    assert len(asked) == len(set(asked)) == len(chain.nodes)
    assert all(key in chain.nodes for node in chain.nodes.values() for key in node.stands_on)
    assert {n.key for n in chain.missing} == {k for k in asked if isinstance(k, Derived) and k.id not in graph}


@given(graphs(), st.booleans())
def test_the_outline_tells_every_record_and_the_branches_of_each_once(graph: Graph, whole: bool) -> None:
    chain, _ = grown(graph)
    told: list[Key] = []

    def walk(branch: Branch) -> None:
        if not branch.again:
            told.extend(n.key for n in branch.nodes)
        for inner in branch.branches:
            walk(inner)
        assert not (branch.again and branch.branches)

    walk(outline(chain, whole=whole))
    assert set(told) == set(chain.nodes)


def test_references_come_from_ids_evidence_and_places_and_empty_ones_are_none() -> None:
    ref = {"topic": "f.frames", "partition": 1, "offset": 7}
    nothing = {"topic": "", "partition": 0, "offset": 0}  # as the store has a Ref that is null
    assert links("tracks", {"frame": nothing, "detections_id": ""}) == []
    assert links("tracks", {"frame": ref, "detections_id": "d"}) == [
        Derived("detections", "d"), Raw("frames", "f.frames", 1, 7, 7)
    ]  # fmt: skip
    ends = {
        "first_audio": ref | {"topic": "a"},
        "last_audio": ref | {"topic": "a", "offset": 9},
        "first_frame": None,
    }
    assert links("fused", {"evidence": {"speech": ["s", "s"], **ends}}) == [
        Derived("speech", "s"), Raw("audio", "a", 1, 7, 9)
    ]  # fmt: skip
    assert links("utterances", {"first": ref, "last": None}) == [Raw("audio", "f.frames", 1, 7, 7)]
    assert links("frames", {}) == []


def test_a_stretch_of_no_length_is_a_moment() -> None:
    assert span_us({"pts_us": 5, "start_us": 0, "end_us": 0}) == (5, 5)
    assert span_us({"pts_us": 5, "start_us": 1, "end_us": 4}) == (1, 4)


def test_what_a_record_says_fits_a_line_and_a_missing_answer_says_why() -> None:
    assert words("speech", {"speaker": "A", "text": "good\nevening"}) == "A: “good evening”"
    assert words("tracks", {"tracks": []}) == "nobody"
    assert words("faces", {"status": "unavailable", "reason": "no model"}) == "unavailable: no model"
    assert words("packets", {}) == ""


@given(st.sets(st.integers(0, 40), min_size=1))
def test_places_are_told_as_runs_of_offsets(offsets: set[int]) -> None:
    nodes = [Node(Raw("frames", "t", 0, o, o), Found("there")) for o in offsets]
    told = places(nodes).removeprefix("t/0/").replace(", …", "")
    for part in told.split(", "):
        first, _, last = part.partition("…")
        assert set(range(int(first), int(last or first) + 1)) <= offsets
        assert int(first) - 1 not in offsets
        assert int(last or first) + 1 not in offsets


def test_boxes_of_detections_give_way_to_tracks_and_faces_to_emotions() -> None:
    at = At("f", 0, 3)
    ref = {"frame": {"topic": "f", "partition": 0, "offset": 3}}
    side = {"x1_px": 0, "y1_px": 0, "x2_px": 9, "y2_px": 9}

    def of(**said: tuple[str, dict[str, object]]) -> Chain:
        nodes: dict[Key, Node] = {
            Derived(noun, noun): Node(Derived(noun, noun), Found("log", fields={**ref, part: [value]}))
            for noun, (part, value) in said.items()
        }
        return Chain(next(iter(nodes)), nodes)

    boxes = ("boxes", {**side, "label": "cat", "score": 0.5})
    alone = of(detections=boxes)
    assert shown(alone) == at
    assert [m.words for m in marks(alone, at)] == ["cat 0.50"]
    assert marks(alone, At("f", 0, 4)) == []
    tracked = of(detections=boxes, tracks=("tracks", {**side, "label": "cat", "track_id": 2}))
    assert [m.words for m in marks(tracked, at)] == ["cat #2"]
