"""Joins what is seen, felt, said and heard into windows of stream time.

All inputs come in one total order of stream time, so a window is whole as soon as an item at or past its end
comes. An utterance comes at its begin with words that lie later: it stays in the state until the last window
that it reaches into is closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from processors.fused.window import Heap, fuse
from processors.rules import rules_model
from processors.station import Item
from schemas.records import Emotions, Fused, Model, Sounds, Speech, Tracks

VERSION = "1"
Felt = Tracks | Emotions | Speech | Sounds


@dataclass(frozen=True, slots=True)
class Config:
    """How windows are cut.

    window_s: length of a window; windows are aligned at stream time 0.
    longest_gap_s: stream time that may pass without any input and is still filled with empty windows. A longer
        jump (a producer that writes wall clock instead of stream time) is left out, so that one bad record can
        not make millions of windows.
    speaking_s: an utterance must reach this far into a window for it to count as speaking.
    face_share: share of a window's pictures in which a face must be seen to count as a person and to feel.
    sound_score: sound classes below this score are left out.
    sounds_max: most sound classes kept.
    """

    window_s: float = 1.0
    longest_gap_s: float = 3600.0
    speaking_s: float = 0.1
    face_share: float = 0.5
    sound_score: float = 0.1
    sounds_max: int = 10

    def __post_init__(self) -> None:
        if self.window_us <= 0:
            raise ValueError(f"window_s must be above 0, got {self.window_s}")

    @property
    def window_us(self) -> int:
        """The window's length in µs."""
        return round(self.window_s * 1e6)

    @property
    def longest_gap_us(self) -> int:
        """The longest gap that is filled, µs."""
        return round(self.longest_gap_s * 1e6)


@dataclass(frozen=True, slots=True)
class State:
    """start_us: begin of the open window. heap: what belongs to it or to later ones. last_us: latest input.
    known: person tracks that are in view, so that one that leaves can be told from a car that leaves.
    """

    start_us: int = 0
    last_us: int = -1
    heap: Heap = field(default_factory=Heap)
    known: tuple[int, ...] = ()


class Fuse:
    """Fold[Tracks | Emotions | Speech | Sounds, Fused]: one record per window from 0 to the session's end,
    pts_us its begin, watermark_us its end.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.state = State
        self.model: Model = rules_model("fuse", VERSION, config)

    def start(self, stream_id: str, session_id: str) -> State:  # noqa: ARG002 (alike for all sessions)
        """The first window is open and empty."""
        return State()

    def step(self, state: State, item: Item[Felt]) -> tuple[State, Sequence[Fused]]:
        """The windows that end at or before the item, and the item put where it belongs."""
        record = item.record
        state, said = self._close_until(state, record.pts_us)
        heap = state.heap
        match record:
            case Tracks():
                heap = replace(heap, tracks=(*heap.tracks, record))
            case Emotions():
                heap = replace(heap, emotions=(*heap.emotions, record))
            case Speech():
                heap = replace(heap, speech=(*heap.speech, record))
            case Sounds():
                heap = replace(heap, sounds=(*heap.sounds, record))
        return replace(state, heap=heap, last_us=max(state.last_us, record.pts_us)), said

    def finish(self, state: State, pts_us: int) -> Sequence[Fused]:
        """The windows up to the session's end; the last is cut there and takes the words that lie beyond."""
        end_us = max(pts_us, state.last_us + 1)
        state, said = self._close_until(state, end_us - 1)
        if state.start_us >= end_us:
            return said
        _, last = self._close(state, end_us, last=True)
        return [*said, last]

    def _close_until(self, state: State, now_us: int) -> tuple[State, list[Fused]]:
        """Closes each window that ends at or before now_us; jumps where there are far too many."""
        window_us, said = self.config.window_us, list[Fused]()
        while state.start_us + window_us <= now_us:
            if now_us - state.start_us > self.config.longest_gap_us and state.heap.idle(
                state.start_us, self.config.longest_gap_us
            ):
                start_us = now_us // window_us * window_us
                return replace(state, start_us=start_us, heap=state.heap.after(start_us)), said
            state, fused = self._close(state, state.start_us + window_us, last=False)
            said.append(fused)
        return state, said

    def _close(self, state: State, end_us: int, *, last: bool) -> tuple[State, Fused]:
        fused, known = fuse(state.heap, state.start_us, end_us, state.known, self.config, last=last)
        return State(end_us, state.last_us, state.heap.after(end_us), known), fused
