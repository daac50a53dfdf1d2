"""Which nouns are compared, how, and what is measured of each. Declarations only."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connectors.diff import spans
from connectors.diff.config import Config
from connectors.diff.findings import Findings
from connectors.diff.frames import compare_detections, compare_emotions, compare_faces
from connectors.diff.tracks import compare_tracks
from connectors.diff.windows import WEIGHTS, compare_windows
from connectors.diff.words import compare_words

Compare = Callable[[Iterable[Any], Iterable[Any], Config, Findings], None]


def of_spans(read: Callable[[Iterable[Any]], Iterator[Any]], by_label: bool = False) -> Compare:
    """Comparing spans that `read` makes of records."""

    def compare(a: Iterable[Any], b: Iterable[Any], config: Config, findings: Findings) -> None:
        spans.compare_spans(read(a), read(b), config, findings, by_label)

    return compare


@dataclass(frozen=True, slots=True)
class Noun:
    """One noun.

    things: what is counted. counts: what is counted besides what all nouns have. means: sums told per matched
        pair.
    dense: whether its records come with the raw ones, so that the first one tells where a run begins. (Windows of
        a run over a part begin at 0, with nothing in them.)
    """

    name: str
    things: str
    compare: Compare
    counts: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    dense: bool = False


FRAME = ("frames", "frames_only_a", "frames_only_b", "unanswered_a", "unanswered_b")
FELT = ("valence_moved", "arousal_moved")
BOX = ("moved", "rescored", "relabelled")
NEAR = ("overlap", "score_moved")
TRACK = ("moved", "relabelled", "splits", "merges", "switches_a", "switches_b", *FRAME[:3])
SPAN = ("moved", "rescored", "reasons_changed", "retold")

NOUNS: tuple[Noun, ...] = (
    Noun("detections", "boxes", compare_detections, (*BOX, *FRAME), NEAR, dense=True),
    Noun("tracks", "tracks", compare_tracks, TRACK, ("overlap",), dense=True),
    Noun("faces", "faces", compare_faces, (*BOX, *FELT, *FRAME), (*NEAR, *FELT), dense=True),
    Noun("emotions", "persons in frames", compare_emotions, (*BOX, *FELT, "persons", *FRAME), (*NEAR, *FELT),
         dense=True),
    Noun("utterances", "spoken stretches", of_spans(spans.utterances), ("moved", "relabelled"), ("overlap",)),
    Noun("speech", "words", compare_words,
         ("substituted", "moved", "rescored", "unanswered_a", "unanswered_b")),
    Noun("sounds", "silences and sounds", of_spans(spans.sounds, by_label=True), ("moved", "rescored"), NEAR,
         dense=True),
    Noun("fused", "windows", compare_windows, tuple(f"{name}_changed" for name in WEIGHTS)),
    Noun("events", "statements", of_spans(spans.events), SPAN, NEAR),
    Noun("highlights", "highlights", of_spans(spans.highlights), SPAN, NEAR),
)  # fmt: skip
BY_NAME = {noun.name: noun for noun in NOUNS}
ALIASES = {"boxes": "detections", "words": "speech", "windows": "fused", "persons": "emotions"}


def named(text: str) -> Noun | None:
    """The noun of a name or of what people call it; None if there is none."""
    return BY_NAME.get(ALIASES.get(text, text))


def measures(noun: Noun, found: Findings) -> dict[str, float]:
    """All that is measured of a noun, by the names that a gate may use. Rates of nothing are 0, agreement on
    nothing is 1.
    """
    c = found.counts
    a, b, matched = c["a"], c["b"], c["matched"]
    both = a + b
    said: dict[str, float] = {
        "a": a,
        "b": b,
        "matched": matched,
        "equal": c["equal"],
        "close": c["close"],
        "changed": c["changed"],
        "added": c["added"],
        "lost": c["lost"],
        "agreement": round(2 * (c["equal"] + c["close"]) / both, 6) if both else 1.0,
        "lost_rate": _rate(c["lost"], a),
        "added_rate": _rate(c["added"], b),
        "changed_rate": _rate(c["changed"], matched),
    }
    said |= {name: c[name] for name in noun.counts}
    said |= {f"mean_{name}": _rate(found.sums[name], matched) for name in noun.means}
    if noun.name == "speech":
        said["edits"] = c["substituted"] + c["added"] + c["lost"]
        said["wer"] = _rate(said["edits"], a)
    return said


def _rate(part: float, whole: float) -> float:
    return round(part / max(1, whole), 6)
