"""Boxes, faces and emotions frame by frame."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from connectors.diff.boxes import FrameOf, Pictured, Seen, compare_boxes, seen_of
from connectors.diff.config import Config
from connectors.diff.findings import Findings
from connectors.diff.order import by_frame
from connectors.diff.pairing import Paired
from connectors.diff.persons import same_persons
from schemas.records import Emotions

P = TypeVar("P", bound=Pictured)


def compared(a: Iterable[P], b: Iterable[P], findings: Findings) -> Iterator[tuple[P, P]]:
    """Records of the frames that both runs speak of; others, and answers that are missing, are counted."""
    for x, y in by_frame(a, b):
        if x is None or y is None:
            findings.counts["frames_only_b" if x is None else "frames_only_a"] += 1
            continue
        findings.counts["frames"] += 1
        findings.counts["unanswered_a"] += x.status in ("unavailable", "rejected")
        findings.counts["unanswered_b"] += y.status in ("unavailable", "rejected")
        yield x, y


def where_of(x: Pictured, y: Pictured) -> FrameOf:
    """The frame of two records that speak of it."""
    width, height = getattr(x, "width_px", 0), getattr(x, "height_px", 0)
    return FrameOf(x.pts_us, x.frame or y.frame, width, height, x.id, y.id)


def compare_detections(a: Iterable[Pictured], b: Iterable[Pictured], config: Config, findings: Findings) -> None:
    """Boxes, by overlap among equal labels first."""
    for x, y in compared(a, b, findings):
        compare_boxes(where_of(x, y), seen_of(x), seen_of(y), config, findings, by_label=True)


def compare_faces(a: Iterable[Pictured], b: Iterable[Pictured], config: Config, findings: Findings) -> None:
    """Faces, by overlap; relabelled is another expression."""
    for x, y in compared(a, b, findings):
        left, right = seen_of(x), seen_of(y)
        found = compare_boxes(where_of(x, y), left, right, config, findings)
        _feelings(found, left, right, config, findings, x.pts_us)


def compare_emotions(a: Iterable[Emotions], b: Iterable[Emotions], config: Config, findings: Findings) -> None:
    """Emotions by person and time: who is who is settled over the whole session first (`same_persons`), so the
    records are read twice. Who has no track, or a piece of one that the other run has whole, is whom they
    overlap with in that frame. `persons` counts the persons that both runs follow.
    """
    persons = same_persons(a, b, config)
    for x, y in compared(a, b, findings):
        left, right = seen_of(x), seen_of(y)
        found = compare_boxes(where_of(x, y), left, right, config, findings, persons=persons)
        _feelings(found, left, right, config, findings, x.pts_us)
    findings.counts["persons"] += len(persons)


def _feelings(found: Paired, a: list[Seen], b: list[Seen], config: Config, findings: Findings, at_us: int) -> None:
    """Valence and arousal of matched faces."""
    for i, j in found.pairs:
        for name, of_a, of_b in zip(("valence", "arousal"), a[i].feeling, b[j].feeling, strict=False):
            findings.sums[f"{name}_moved"] += abs(of_a - of_b)
            if abs(of_a - of_b) >= config.feeling_moved:
                findings.count(f"{name}_moved", at_us)
