"""Boxes of one frame: which box of A is which of B, and what has changed about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.diff.config import Config
from connectors.diff.findings import Example, Findings, Mark
from connectors.diff.pairing import Paired, Rect, overlap, paired
from schemas.records import Detections, Emotions, Faces, PersonEmotion, Ref

NEAR = 1e-6
"""Of boxes that overlap alike, those of closer score are the same thing; too small to outweigh any overlap."""
ON_FRAME = 60
"""Most boxes of one frame that an example carries."""


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """A box as one run says it. `feeling` is valence and arousal where there are any."""

    box: Rect
    label: str
    score: float
    feeling: tuple[float, ...] = ()
    who: int = -1


Pictured = Detections | Faces | Emotions


def seen_of(record: Pictured) -> list[Seen]:
    """The boxes of a record, in an order that does not depend on how they were listed."""
    found = []
    if isinstance(record, Detections):
        found = [Seen((b.x1_px, b.y1_px, b.x2_px, b.y2_px), b.label, b.score) for b in record.boxes]
    elif isinstance(record, Faces):
        for f in record.faces:
            feeling = (f.valence or 0.0, f.arousal or 0.0)
            found.append(Seen((f.x1_px, f.y1_px, f.x2_px, f.y2_px), f.emotion, f.score, feeling))
    else:
        found = [_person(p) for p in record.persons]
    return sorted(found)


def _person(p: PersonEmotion) -> Seen:
    feeling = (p.valence or 0.0, p.arousal or 0.0)
    who = -1 if p.track_id is None else p.track_id
    return Seen((p.x1_px, p.y1_px, p.x2_px, p.y2_px), p.emotion, p.score, feeling, who)


Persons = frozenset[tuple[int, int]]
"""Track of A, track of B: one person."""


def same_things(
    a: Sequence[Seen], b: Sequence[Seen], least: float, by_label: bool = False, persons: Persons | None = None
) -> Paired:
    """Which is which, by overlap. What is surely the same comes first: with `by_label` what overlaps and has one
    label, with `persons` who is one person, wherever they are; then, of what is left, all that overlap.
    """
    near = {
        (i, j): shared - NEAR * abs(x.score - y.score)
        for i, x in enumerate(a)
        for j, y in enumerate(b)
        if (shared := overlap(x.box, y.box)) >= least
    }
    if by_label:
        sure = {(i, j): gain for (i, j), gain in near.items() if a[i].label == b[j].label}
    elif persons is not None:
        sure = {
            (i, j): 1 + overlap(x.box, y.box) - NEAR * abs(x.score - y.score)
            for i, x in enumerate(a)
            for j, y in enumerate(b)
            if (x.who, y.who) in persons
        }
    else:
        return paired(a, b, near)
    first = paired(a, b, sure)
    left, right = set(first.lost), set(first.added)
    others = paired(a, b, {(i, j): gain for (i, j), gain in near.items() if i in left and j in right})
    pairs = tuple(sorted((*first.pairs, *others.pairs)))
    taken_a, taken_b = {i for i, _ in pairs}, {j for _, j in pairs}
    return Paired(pairs, tuple(sorted(left - taken_a)), tuple(sorted(right - taken_b)))


def changes(x: Seen, y: Seen, config: Config) -> list[str]:
    """How the same thing differs."""
    states = []
    if overlap(x.box, y.box) < config.box_moved:
        states.append("moved")
    if abs(x.score - y.score) >= config.rescored:
        states.append("rescored")
    if x.label != y.label:
        states.append("relabelled")
    return states


@dataclass(frozen=True, slots=True)
class FrameOf:
    """The frame that boxes were seen in, and the records that say so."""

    at_us: int
    frame: Ref | None
    width_px: int
    height_px: int
    a_id: str
    b_id: str


def compare_boxes(
    where: FrameOf,
    a: Sequence[Seen],
    b: Sequence[Seen],
    config: Config,
    findings: Findings,
    by_label: bool = False,
    persons: Persons | None = None,
) -> Paired:
    """One frame's boxes; counts go to the findings, the frame as an example if anything differs in it."""
    found = same_things(a, b, config.box_overlap, by_label, persons)
    findings.counts["a"] += len(a)
    findings.counts["b"] += len(b)
    of_a, of_b = ["lost"] * len(a), ["added"] * len(b)
    size = 0.0
    for i, j in found.pairs:
        x, y = a[i], b[j]
        shared = overlap(x.box, y.box)
        findings.sums["overlap"] += shared
        findings.sums["score_moved"] += abs(x.score - y.score)
        state = findings.judged(changes(x, y, config), (x.box, x.label, x.score, x.feeling)
                                == (y.box, y.label, y.score, y.feeling), where.at_us)  # fmt: skip
        of_a[i] = of_b[j] = state
        size += (0 if state == "same" else abs(x.score - y.score) + (1 - shared)) + 0.75 * (x.label != y.label)
    if found.lost:
        findings.count("lost", where.at_us, len(found.lost))
    if found.added:
        findings.count("added", where.at_us, len(found.added))
    # What the model was sure of weighs more.
    size += sum(a[i].score for i in found.lost) + sum(b[j].score for j in found.added)
    if set(of_a + of_b) - {"same"}:
        findings.example(_example(where, size, found.pairs, a, b, of_a, of_b))
    return found


def _example(
    where: FrameOf,
    size: float,
    pairs: Sequence[tuple[int, int]],
    a: Sequence[Seen],
    b: Sequence[Seen],
    of_a: Sequence[str],
    of_b: Sequence[str],
) -> Example:
    marks_a = tuple(_mark(s, state) for s, state in zip(a, of_a, strict=True))[:ON_FRAME]
    marks_b = tuple(_mark(s, state) for s, state in zip(b, of_b, strict=True))[:ON_FRAME]
    told = [*(_told(m) for m in marks_a if m.state == "lost"), *(_told(m) for m in marks_b if m.state == "added")]
    told += [_changed(a[i], b[j], of_a[i]) for i, j in pairs if of_a[i] != "same"]
    kinds = [*of_a, *of_b]
    kind = next(k for k in ("lost", "added", "relabelled", "rescored", "moved") if any(k in s for s in kinds))
    text = "; ".join(told[:4]) + (f"; {len(told) - 4} more" if len(told) > 4 else "")
    return Example(
        kind, size, where.at_us, where.at_us, text, marks_a, marks_b, where.a_id, where.b_id, where.frame,
        where.width_px, where.height_px,
    )  # fmt: skip


def _mark(seen: Seen, state: str) -> Mark:
    return Mark(state, seen.label, "" if seen.who < 0 else f"track {seen.who}", seen.score, seen.box)


def _told(mark: Mark) -> str:
    return f"{mark.state} {mark.label or 'face'} ({mark.score:.2f})"


def _changed(x: Seen, y: Seen, state: str) -> str:
    """How one thing differs, shortest first."""
    label = x.label or y.label or "face"
    if "relabelled" in state:
        return f"{x.label or 'none'} → {y.label or 'none'}"
    if "rescored" in state:
        return f"{label} {x.score:.2f} → {y.score:.2f}"
    return f"{label} moved (overlap {overlap(x.box, y.box):.2f})"
