"""Small invented sessions of every noun that is compared, made so that ties and near misses are common."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from connectors.diff.compare import compare, findings_of
from connectors.diff.config import Config
from connectors.diff.findings import Findings, Session
from connectors.diff.nouns import BY_NAME, measures
from connectors.diff.survey import Stretch
from schemas.records import (
    Box,
    Detections,
    Emotions,
    Event,
    Face,
    Faces,
    Fused,
    Highlight,
    Hit,
    PersonEmotion,
    Reason,
    Ref,
    Score,
    Sounds,
    Speech,
    TrackedBox,
    Tracks,
    Utterance,
    Word,
)  # fmt: skip

S = 1_000_000
SESSION = Session("cam", "s1")
WHOLE = Stretch(0, 1 << 60)
LABELS = ("person", "dog")
KINDS = ("crowd", "loud_sound")
edges = st.integers(0, 3).map(lambda n: n * 20.0)
scores = st.sampled_from((0.25, 0.5, 0.5625, 0.75))
texts = st.lists(st.sampled_from(("so", "my", "fellow", "Americans,")), max_size=4)


def detected(
    *boxes: tuple[float, float, float, float], label: str = "person", score: float = 0.5
) -> tuple[Box, ...]:
    """Boxes of one label and score."""
    return tuple(Box(label=label, score=score, x1_px=a, y1_px=b, x2_px=c, y2_px=d) for a, b, c, d in boxes)


def common(seq: int, at_us: int, until_us: int) -> dict[str, Any]:
    """What every record has."""
    return {"stream_id": SESSION.stream_id, "session_id": SESSION.session_id, "seq": seq, "pts_us": at_us,
            "id": f"r{seq}", "watermark_us": until_us}  # fmt: skip


def framed(noun: str, things: Sequence[Sequence[Any]]) -> list[Any]:
    """A record a frame, at 10 frames a second."""
    fields = {"detections": "boxes", "faces": "faces", "emotions": "persons", "tracks": "tracks"}
    cls: Any = {"detections": Detections, "faces": Faces, "emotions": Emotions, "tracks": Tracks}[noun]
    return [
        cls(**common(n, n * S // 10, n * S // 10), frame=Ref(topic="framelog.frames", partition=0, offset=n),
            **{fields[noun]: tuple(of_frame)})
        for n, of_frame in enumerate(things)
    ]  # fmt: skip


def spanned(cls: Any, spans: Sequence[tuple[int, int, Mapping[str, Any]]]) -> list[Any]:
    """A record a span (begin and end in tenths of a second), in the order of time as a station says them."""
    rows = []
    for n, (start, length, fields) in enumerate(sorted(spans, key=lambda x: x[:2])):
        start_us = start * S // 10
        rows.append(cls(**common(n, start_us, start_us), start_us=start_us, end_us=start_us + length * S // 10,
                        **fields))  # fmt: skip
    return rows


@st.composite
def rect(draw: Any) -> dict[str, float]:
    x, y = draw(edges), draw(edges)
    size = draw(st.sampled_from((30.0, 32.0, 50.0)))
    return {"x1_px": x, "y1_px": y, "x2_px": x + size, "y2_px": y + size}


labels = st.sampled_from(LABELS)
felt = st.sampled_from((None, -0.5, 0.0, 0.25))
box = st.builds(lambda r, label, score: Box(label=label, score=score, **r), rect(), labels, scores)
face = st.builds(
    lambda r, emotion, score, v: Face(score=score, emotion=emotion, valence=v, **r), rect(), labels, scores, felt
)
person = st.builds(
    lambda r, emotion, score, v, i: PersonEmotion(track_id=i, emotion=emotion, score=score, valence=v, **r),
    rect(), labels, scores, felt, st.sampled_from((None, 1, 2)),
)  # fmt: skip
track = st.builds(
    lambda r, i, score: TrackedBox(track_id=i, label=LABELS[i % 2], score=score, **r),
    rect(),
    st.integers(1, 3),
    scores,
)
tracks = st.lists(track, max_size=3, unique_by=lambda t: t.track_id)
spans = st.tuples(st.integers(0, 60), st.integers(0, 40))
kinds = st.sets(st.sampled_from(KINDS)).map(sorted)


def _words(start_us: int, said: list[str]) -> tuple[Word, ...]:
    return tuple(
        Word(text=w, start_us=start_us + n * 300_000, end_us=start_us + n * 300_000 + 200_000)
        for n, w in enumerate(said)
    )


@st.composite
def spoken(draw: Any) -> list[Speech]:
    """Utterances of up to four words."""
    rows = spanned(Speech, [(*draw(spans), {}) for _ in range(draw(st.integers(0, 3)))])
    return [replace(r, words=_words(r.start_us, draw(texts))) for r in rows]


@st.composite
def heard(draw: Any) -> list[Sounds]:
    """Half seconds of sound."""
    loud = draw(st.lists(st.tuples(st.booleans(), st.sets(labels), scores), max_size=8))
    return [
        Sounds(**common(n, n * S // 2, n * S // 2), start_us=n * S // 2, end_us=(n + 1) * S // 2, silence=silent,
               classes=tuple(Score(label=label, score=score) for label in sorted(found)))
        for n, (silent, found, score) in enumerate(loud)
    ]  # fmt: skip


@st.composite
def windows(draw: Any) -> list[Fused]:
    """Windows of a second."""
    held = draw(st.lists(st.tuples(st.integers(0, 2), texts, st.booleans()), max_size=5))
    return [
        Fused(**common(n, n * S, n * S), start_us=n * S, end_us=(n + 1) * S, persons_max=persons,
              text=" ".join(said), speaking=speaking)
        for n, (persons, said, speaking) in enumerate(held)
    ]  # fmt: skip


def _spans(cls: Any, fields: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[Any]]:
    one = st.builds(lambda span, more: (*span, more), spans, fields)
    return st.lists(one, max_size=5).map(lambda found: spanned(cls, found))


def _frames(noun: str, things: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    listed = tracks if noun == "tracks" else st.lists(things, max_size=4)
    return st.lists(listed, max_size=4).map(lambda found: framed(noun, found))


def _event(kinds: list[str], score: float) -> dict[str, Any]:
    return {"text": "x", "score": score, "hits": tuple(Hit(kind=k, score=score, at_us=0) for k in kinds)}


def _highlight(kinds: list[str], score: float) -> dict[str, Any]:
    return {"score": score, "reasons": tuple(Reason(kind=k, weight=1, at_us=0, text=k) for k in kinds)}


SESSIONS: dict[str, st.SearchStrategy[list[Any]]] = {
    "detections": _frames("detections", box),
    "faces": _frames("faces", face),
    "emotions": _frames("emotions", person),
    "tracks": _frames("tracks", track),
    "utterances": _spans(Utterance, st.builds(lambda s: {"speech": True, "speaker": s}, labels)),
    "speech": spoken(),
    "sounds": heard(),
    "fused": windows(),
    "events": _spans(Event, st.builds(_event, kinds, scores)),
    "highlights": _spans(Highlight, st.builds(_highlight, kinds, scores)),
}  # fmt: skip
SHUFFLED: Mapping[str, str] = MappingProxyType(
    {"detections": "boxes", "faces": "faces", "emotions": "persons", "tracks": "tracks"}
)


def found(noun: str, a: Sequence[Any], b: Sequence[Any], stretch: Stretch = WHOLE, **config: Any) -> Findings:
    """What comes out of comparing two sessions."""
    findings = findings_of(Config(**config))
    compare(noun, SESSION, a, b, stretch, Config(**config), findings)
    return findings


def measured(noun: str, a: Sequence[Any], b: Sequence[Any], **config: Any) -> dict[str, float]:
    """The measures of comparing two sessions."""
    return measures(BY_NAME[noun], found(noun, a, b, **config))
