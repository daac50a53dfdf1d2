"""Chooses moments worth seeing, as soon as they are decided and never taken back.

A window's score opens a moment at `open`; the moment grows while the excitement it left behind stays above
`keep`, takes in what follows closely, and is said once nothing more can join it. What it is said to be worth is
the squashed sum of its reasons, the heaviest window of each kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from processors.highlights.moment import Moment, Seen, highlight_of, merged
from processors.highlights.score import WEIGHTS, Share, Used, Weight, squash, weigh
from processors.rules import rules_model
from processors.station import Item
from schemas.records import Event, Fused, Highlight, Model

VERSION = "1"


@dataclass(frozen=True, slots=True)
class Config:
    """How moments are chosen.

    weights: what each kind of hit counts.
    open: score of a window that opens a moment, 0 … 1.
    keep: score that keeps it open, 0 … open.
    calm_s: half-life of the excitement that a window leaves behind.
    pre_s, post_s: kept before the first and after the last exciting window.
    reach_s: how far back from its window a reason may lie and still be covered (that somebody left is known
        some seconds late).
    merge_s: what opens within this after a moment's last exciting window joins it.
    longest_s: a moment is cut at this length, pre and post included.
    cooldown_s: for this long after a moment its kinds of reason open no other one (they still add to one).
    budget: at most this many moments begin in any span of budget_s; the price of the next one rises as the
        budget is used up.
    budget_s: see budget.
    reasons_max: most reasons said, heaviest first.
    """

    weights: tuple[Weight, ...] = WEIGHTS
    open: float = 0.45
    keep: float = 0.25
    calm_s: float = 2.0
    pre_s: float = 2.0
    post_s: float = 2.0
    reach_s: float = 4.0
    merge_s: float = 2.0
    longest_s: float = 30.0
    cooldown_s: float = 6.0
    budget: int = 12
    budget_s: float = 120.0
    reasons_max: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.keep <= self.open < 1:
            raise ValueError(f"keep and open must be 0 < keep <= open < 1, got {self.keep} and {self.open}")
        if self.longest_s <= self.pre_s + self.post_s:
            raise ValueError(f"longest_s must be above pre_s + post_s, got {self.longest_s}")


@dataclass(frozen=True, slots=True)
class State:
    """waiting: a window whose event has not come yet. past: windows that a moment may still reach back to.
    used: what one is used to. excited: excitement left. moment: the open one. ended_us, kinds: end of the last
    moment said and its kinds. begun_us: begins of the moments said within the budget's span.
    """

    waiting: Fused | None = None
    past: tuple[Seen, ...] = ()
    used: tuple[Used, ...] = ()
    excited: float = 0.0
    moment: Moment | None = None
    ended_us: int = 0
    kinds: tuple[str, ...] = ()
    begun_us: tuple[int, ...] = ()


class Highlights:
    """Fold[Fused | Event, Highlight]. pts_us of a highlight is its begin, watermark_us its end: none reaches
    back into the one before.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.state = State
        self.weights = {w.kind: w for w in config.weights}
        self.model: Model = rules_model("highlights", VERSION, config)

    def start(self, stream_id: str, session_id: str) -> State:  # noqa: ARG002 (alike for all sessions)
        """Nothing is known yet."""
        return State()

    def step(self, state: State, item: Item[Fused | Event]) -> tuple[State, Sequence[Highlight]]:
        """A window is looked at when its event has come, or when the next window shows that none will."""
        record = item.record
        if record.status in ("rejected", "unavailable"):
            return state, ()
        if isinstance(record, Fused):
            state, said = self._look(state, None)
            return replace(state, waiting=record), said
        if state.waiting is None or record.start_us != state.waiting.start_us:
            return state, ()
        return self._look(state, record)

    def finish(self, state: State, pts_us: int) -> Sequence[Highlight]:
        """The moment that was still open, cut at the session's end."""
        state, said = self._look(state, None)
        if state.moment is None:
            return said
        _, last = self._say(state, state.moment, max(pts_us, state.moment.last_us))
        return [*said, *last]

    def _look(self, state: State, event: Event | None) -> tuple[State, Sequence[Highlight]]:
        """Scores the waiting window, lets it open or join a moment, and says the one that nothing can join."""
        fused = state.waiting
        if fused is None:
            return state, ()
        hits = event.hits if event else ()
        shares, used = weigh(hits, state.used, fused.start_us, self.weights)
        amount = sum(s.amount for s in shares)
        seen = Seen.of(fused, event, amount)
        state = replace(state, waiting=None, used=used, past=(*state.past, seen))
        moment, said = state.moment, list[Highlight]()
        if moment and seen.start_us - moment.last_us >= self._patience_us:
            state, said = self._say(state, moment, seen.start_us)
            moment = None
        state, moment = self._grow(state, moment, seen, shares)
        state = replace(state, moment=moment)
        if moment and seen.end_us - moment.start_us >= (self.config.longest_s - self.config.post_s) * 1e6:
            state, more = self._say(state, moment, seen.end_us)
            said = [*said, *more]
        return self._forget(state, seen), said

    @property
    def _patience_us(self) -> int:
        return round(max(self.config.post_s, self.config.merge_s) * 1e6)

    def _grow(
        self, state: State, moment: Moment | None, seen: Seen, shares: tuple[Share, ...]
    ) -> tuple[State, Moment | None]:
        """The moment after one more window, opened by it, or still none."""
        length_s = (seen.end_us - seen.start_us) / 1e6
        excited = max(seen.amount, state.excited * 2.0 ** (-length_s / self.config.calm_s))
        state = replace(state, excited=excited)
        # The best window is the one that the heaviest reason lies in, which may be some windows back.
        at_us = shares[0].at_us if shares else seen.start_us
        best_us = next((s.start_us for s in state.past if s.start_us <= at_us < s.end_us), seen.start_us)
        if moment is None:
            cooling = seen.start_us - state.ended_us < self.config.cooldown_s * 1e6
            fresh = [s for s in shares if not (cooling and s.kind in state.kinds)]
            if squash(sum(s.amount for s in fresh)) < self.config.open:
                return state, None
            first_us = min(seen.start_us, *(s.at_us for s in fresh)) - round(self.config.pre_s * 1e6)
            start_us = max(first_us, state.ended_us, state.past[0].start_us)
            return state, Moment(start_us, seen.end_us, best_us, seen.amount, merged((), shares))
        if squash(excited) < self.config.keep:
            return state, moment
        best = seen.amount > moment.peak_amount
        return state, Moment(
            moment.start_us, seen.end_us, best_us if best else moment.peak_us,
            max(seen.amount, moment.peak_amount), merged(moment.shares, shares),
        )  # fmt: skip

    def _say(self, state: State, moment: Moment, now_us: int) -> tuple[State, list[Highlight]]:
        """The highlight, if the budget allows; the moment is over in any case."""
        end_us = min(moment.last_us + round(self.config.post_s * 1e6), now_us)
        since_us = moment.start_us - self.config.budget_s * 1e6
        begun = tuple(t for t in state.begun_us if t > since_us)
        score = squash(sum(s.amount for s in moment.shares))
        free = 1.0 - (len(begun) / self.config.budget) ** 4
        rest = replace(state, moment=None, excited=0.0, begun_us=begun)
        if len(begun) >= self.config.budget or score < 1.0 - (1.0 - self.config.open) * free:
            return rest, []
        said = highlight_of(moment, end_us, score, state.past, self.config.reasons_max)
        kinds = tuple(s.kind for s in moment.shares)
        return replace(rest, ended_us=end_us, kinds=kinds, begun_us=(*begun, moment.start_us)), [said]

    def _forget(self, state: State, seen: Seen) -> State:
        """Windows that no moment can reach back to are let go."""
        reach_us = seen.end_us - round((self.config.pre_s + self.config.reach_s) * 1e6)
        if state.moment:
            reach_us = min(reach_us, state.moment.start_us)
        return replace(state, past=tuple(s for s in state.past if s.end_us > reach_us))
