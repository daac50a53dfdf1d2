"""A moment while it grows, and the highlight it becomes. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.highlights.score import Share
from schemas.records import Event, Fused, Highlight, Reason, Ref


@dataclass(frozen=True, slots=True)
class Seen:
    """What a highlight needs of a window that it covers. event_id is empty where the event says nothing.
    amount: the sum of the window's weights.
    """

    start_us: int
    end_us: int
    fused_id: str
    event_id: str
    first_frame: Ref | None
    last_frame: Ref | None
    amount: float

    @classmethod
    def of(cls, fused: Fused, event: Event | None, amount: float) -> "Seen":
        """A window and its event without all that a highlight does not need."""
        e = fused.evidence
        notable = event is not None and bool(event.hits or event.text)
        return cls(
            fused.start_us, fused.end_us, fused.id, event.id if event and notable else "",
            e.first_frame if e else None, e.last_frame if e else None, amount,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """A highlight to be. last_us: end of its last exciting window. peak_us: begin of its best one, which has
    peak_amount. shares: the heaviest of each kind, heaviest first.
    """

    start_us: int
    last_us: int
    peak_us: int
    peak_amount: float
    shares: tuple[Share, ...]


def merged(old: Sequence[Share], new: Sequence[Share]) -> tuple[Share, ...]:
    """The heaviest share of each kind, heaviest first; of equals the earlier."""
    best: dict[str, Share] = {}
    for share in (*old, *new):
        if share.kind not in best or share.amount > best[share.kind].amount:
            best[share.kind] = share
    return tuple(sorted(best.values(), key=lambda s: (-s.amount, s.at_us, s.kind)))


def title_of(reasons: Sequence[Reason]) -> str:
    """The two heaviest reasons as a sentence."""
    words = "; ".join(r.text or r.kind.replace("_", " ") for r in reasons[:2])
    return words[:1].upper() + words[1:]


def highlight_of(moment: Moment, end_us: int, score: float, past: Sequence[Seen], reasons_max: int) -> Highlight:
    """The highlight over [moment.start_us, end_us). Its reasons' weights sum to its score: each has the part
    of the score that its share has of the sum of those named.
    """
    kept = moment.shares[:reasons_max]
    total = sum(s.amount for s in kept)
    reasons = tuple(Reason(kind=s.kind, weight=score * s.amount / total, at_us=s.at_us, text=s.text) for s in kept)
    covered = [s for s in past if s.start_us < end_us and moment.start_us < s.end_us]
    peak = next((s for s in covered if s.start_us == moment.peak_us), None)
    first = next((s.first_frame for s in covered if s.first_frame), None)
    last = next((s.last_frame for s in reversed(covered) if s.last_frame), None)
    return Highlight(
        pts_us=moment.start_us, watermark_us=end_us, start_us=moment.start_us, end_us=end_us,
        peak_us=moment.peak_us, score=score, title=title_of(reasons), reasons=reasons,
        fused_ids=tuple(s.fused_id for s in covered), event_ids=tuple(s.event_id for s in covered if s.event_id),
        frame=(peak.last_frame if peak else None) or first, first_frame=first, last_frame=last,
    )  # fmt: skip
