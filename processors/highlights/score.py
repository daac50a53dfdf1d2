"""How notable a window is: a weighted sum of what happened, each kind the less the more one is used to it.

Habituation: a kind that fires leaves `tires` of its newness behind; newness comes back with the time constant
`recovers_s`. So the first applause counts, the tenth second of it little, and the next after a minute again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from schemas.records import Hit


@dataclass(frozen=True, slots=True)
class Weight:
    """What one kind of hit counts.

    kind: of the hit. weight: its share of the sum when new and sure. tires: 0 … 1, how much of its newness one
    sure hit uses up. recovers_s: time constant of getting its newness back.
    """

    kind: str
    weight: float
    tires: float = 0.6
    recovers_s: float = 20.0


WEIGHTS = (
    Weight("person_entered", 1.2),
    Weight("person_left", 0.5),
    Weight("crowd", 1.0),
    Weight("speech_started", 1.2),
    Weight("word", 1.5),
    Weight("loud_sound", 1.0),
    Weight("applause", 1.3, tires=0.15),
    Weight("laughter", 0.9, tires=0.15),
    Weight("scream", 1.3, tires=0.3),
    Weight("crying", 0.8, tires=0.2),
    Weight("alarm", 1.3, tires=0.2),
    Weight("bang", 1.3, tires=0.5),
    Weight("emotion_changed", 1.2, tires=0.4, recovers_s=15.0),
    Weight("strong_emotion", 0.9, tires=0.7, recovers_s=30.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a kind's newness is used up, 0 … 1, as of a stream time."""

    kind: str
    share: float
    at_us: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one kind adds to a window: the addend, when, and in words."""

    kind: str
    amount: float
    at_us: int
    text: str


def weigh(
    hits: Sequence[Hit], used: tuple[Used, ...], now_us: int, weights: dict[str, Weight]
) -> tuple[tuple[Share, ...], tuple[Used, ...]]:
    """What each hit adds (the best of each kind, heaviest first), and what is used up after it."""
    table, best = {u.kind: u for u in used}, dict[str, Share]()
    sure: dict[str, float] = {}
    for hit in hits:
        weight = weights.get(hit.kind)
        if weight is None or hit.score <= 0:
            continue
        score = min(hit.score, 1.0)
        share = Share(hit.kind, weight.weight * score * (1.0 - _tired(table, weight, now_us)), hit.at_us, hit.text)
        if score > sure.get(hit.kind, 0.0):
            best[hit.kind], sure[hit.kind] = share, score
    for kind, score in sure.items():
        left = (1.0 - _tired(table, weights[kind], now_us)) * (1.0 - weights[kind].tires * score)
        table[kind] = Used(kind, 1.0 - left, now_us)
    ranked = sorted(best.values(), key=lambda s: (-s.amount, s.kind))
    return tuple(ranked), tuple(sorted(table.values(), key=lambda u: u.kind))


def _tired(table: dict[str, Used], weight: Weight, now_us: int) -> float:
    """How much of a kind's newness is used up now."""
    before = table.get(weight.kind)
    return before.share * exp(-max(now_us - before.at_us, 0) / 1e6 / weight.recovers_s) if before else 0.0


def squash(amount: float) -> float:
    """A sum of weights, 0 and up, as a score in 0 … 1: 0.7 is a half, 1.2 is 0.7, 3 is 0.95."""
    return 1.0 - exp(-max(amount, 0.0))
