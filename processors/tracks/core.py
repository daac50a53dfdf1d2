"""Fold from the objects of each frame to objects with identities that hold over frames."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from processors.rules import rules_model
from processors.station import Item
from processors.tracks import bytetrack
from processors.tracks.bytetrack import Rules, Seen
from schemas.records import Detections, Model, TrackedBox, Tracks

VERSION = "1"
MAX_STEPS = 10
"""No longer pause is bridged by motion: after a second, where a thing would be is a guess."""


@dataclass(frozen=True, slots=True)
class Config:
    """Tunables of the tracks station.

    classes: Labels to follow; empty: all.
    high: Boxes with a better score are matched first (0 … 1).
    low: Boxes with a worse score are left out (0 … 1).
    birth: A box needs this score to begin a track (0 … 1).
    max_cost: Of a good box and a track, as 1 - overlap × score.
    max_cost_weak: Of a weak box and a track, as 1 - overlap.
    max_cost_new: Of a good box and a track begun in the frame before.
    same_overlap: Two tracks that overlap by more are one.
    lost_s: A thing not seen for longer has left; seconds of stream time.
    period_s: Seconds that one step of motion stands for; after a pause of several, as many are taken at once.
    """

    classes: tuple[str, ...] = ()
    high: float = 0.3
    low: float = 0.1
    birth: float = 0.4
    max_cost: float = 0.8
    max_cost_weak: float = 0.5
    max_cost_new: float = 0.7
    same_overlap: float = 0.85
    lost_s: float = 2.0
    period_s: float = 0.1

    @property
    def rules(self) -> Rules:
        """The tracker's."""
        return Rules(
            self.high, self.low, self.birth, self.max_cost, self.max_cost_weak, self.max_cost_new,
            self.same_overlap, round(self.lost_s * 1e6),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class State:
    """The tracker's state, and when it last saw a frame."""

    tracker: bytetrack.State = field(default_factory=bytetrack.State)
    last_us: int = -1


class TracksStation:
    """One record for each frame. A frame whose detections are not there (`status` is not ok) moves nothing."""

    state = State

    def __init__(self, config: Config) -> None:
        self._config = config
        self._rules = config.rules
        self._classes = frozenset(config.classes)
        self.model: Model = rules_model("bytetrack", VERSION, config)

    def start(self, stream_id: str, session_id: str) -> State:
        """No tracks yet."""
        del stream_id, session_id
        return State()

    def step(self, state: State, item: Item[Detections]) -> tuple[State, Sequence[Tracks]]:
        """The objects of the frame that belong to a confirmed track, in the order of their ids."""
        record = item.record
        if record.status != "ok":
            return state, [
                Tracks(
                    pts_us=record.pts_us, watermark_us=record.pts_us, status=record.status, reason=record.reason,
                    frame=record.frame, detections_id=record.id,
                )
            ]  # fmt: skip
        seen = [s for s in _seen(record) if not self._classes or s.label in self._classes]
        steps = self._steps(state.last_us, record.pts_us)
        before, after = (
            state.tracker,
            bytetrack.step(state.tracker, seen, record.pts_us, self._rules, steps),
        )
        boxes = [
            TrackedBox(
                track_id=t.track_id, label=t.label, score=seen[t.row].score, x1_px=seen[t.row].box[0],
                y1_px=seen[t.row].box[1], x2_px=seen[t.row].box[2], y2_px=seen[t.row].box[3],
                age=t.last_frame - t.first_frame,
            )
            for t in sorted(after.tracked, key=lambda t: t.track_id)
            if t.track_id
        ]  # fmt: skip
        said = Tracks(
            pts_us=record.pts_us, watermark_us=record.pts_us, frame=record.frame, detections_id=record.id,
            width_px=record.width_px, height_px=record.height_px, tracks=tuple(boxes),
            entered=tuple(range(before.next_id, after.next_id)),
            left=tuple(sorted(_ids(before) - _ids(after))),
        )  # fmt: skip
        return State(after, record.pts_us), [said]

    def finish(self, state: State, pts_us: int) -> Sequence[Tracks]:
        """Nothing: every frame has its record."""
        del state, pts_us
        return ()

    def _steps(self, last_us: int, pts_us: int) -> int:
        if last_us < 0:
            return 1
        return min(MAX_STEPS, max(1, round((pts_us - last_us) / (self._config.period_s * 1e6))))


def _seen(record: Detections) -> list[Seen]:
    """Boxes that have an area: the motion of others can not be told."""
    return [
        Seen(b.label, b.score, (b.x1_px, b.y1_px, b.x2_px, b.y2_px))
        for b in record.boxes
        if b.x2_px > b.x1_px and b.y2_px > b.y1_px
    ]


def _ids(state: bytetrack.State) -> set[int]:
    return {t.track_id for t in (*state.tracked, *state.lost) if t.track_id}
