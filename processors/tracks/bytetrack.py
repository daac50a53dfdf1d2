"""ByteTrack (Zhang et al., 2022) as a pure function from tracks and a frame's boxes to tracks.

Good boxes are matched first, weak ones then keep alive what would be lost. A box that nobody claims begins a
track, which is confirmed when it is seen in the next frame as well (in the first frame of a session at once).
Differences from the usual implementations: boxes match within their label alone; ids are given at
confirmation, so that there are no holes in them; a lost track is given up by stream time, not by frames; and
it is gone when it is given up (theirs can be matched once more, in the frame after).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from processors.assign import Assigned, Costs, assign
from processors.boxes import Rows, overlaps
from processors.tracks.kalman import Corners, Motion, begin, correct, predict


@dataclass(frozen=True, slots=True)
class Rules:
    """When a box belongs to a track. Scores and overlaps are in 0 … 1, costs are 1 - overlap × score.

    high: Boxes above it are good.
    low: Boxes above it are weak, the others are not looked at.
    birth: A good box needs this score to begin a track.
    max_cost: Of a good box and a track.
    max_cost_weak: Of a weak box and a track (its score does not count).
    max_cost_new: Of a good box and a track not yet confirmed.
    same: A tracked and a lost box that overlap by more are the same thing; the one followed longer stays.
    lost_us: A track not seen for longer is given up.
    """

    high: float = 0.25
    low: float = 0.1
    birth: float = 0.35
    max_cost: float = 0.8
    max_cost_weak: float = 0.5
    max_cost_new: float = 0.7
    same: float = 0.85
    lost_us: int = 3_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A box of the frame."""

    label: str
    score: float
    box: Corners


@dataclass(frozen=True, slots=True)
class Track:
    """What is followed. `track_id` is 0 until it is confirmed; `row` is its box in the frame's list, -1 while
    it is lost.
    """

    track_id: int
    label: str
    motion: Motion
    first_frame: int
    last_frame: int
    last_us: int
    row: int


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the next frame needs: how many frames there were, the next id, the tracks in order."""

    frames: int = 0
    next_id: int = 1
    tracked: tuple[Track, ...] = ()
    lost: tuple[Track, ...] = ()


def step(state: State, seen: Sequence[Seen], pts_us: int, rules: Rules, steps: int = 1) -> State:
    """The tracks after one more frame, `steps` steps of motion after the last one."""
    good = [i for i, s in enumerate(seen) if s.score > rules.high]
    weak = [i for i, s in enumerate(seen) if rules.low < s.score <= rules.high]
    frame = state.frames

    def met(track: Track, row: int) -> Track:
        motion = correct(track.motion, seen[row].box)
        return replace(track, motion=motion, last_frame=frame, last_us=pts_us, row=row)

    confirmed = [_moved(t, steps, lost=False) for t in state.tracked if t.track_id]
    fresh = [t for t in state.tracked if not t.track_id]
    lost = [_moved(t, steps, lost=True) for t in state.lost]

    pool = confirmed + lost
    first = _match(pool, seen, good, rules.max_cost)
    tracked = [met(pool[t], good[b]) for t, b in first.pairs]
    found_again = {pool[t].track_id for t, _ in first.pairs if t >= len(confirmed)}
    losing = [pool[t] for t in first.rows if t < len(confirmed)]

    second = _match(losing, seen, weak, rules.max_cost_weak, weigh=False)
    tracked += [met(losing[t], weak[b]) for t, b in second.pairs]

    rest = [good[b] for b in first.columns]
    third = _match(fresh, seen, rest, rules.max_cost_new)
    next_id = state.next_id
    for t, b in third.pairs:
        tracked.append(replace(met(fresh[t], rest[b]), track_id=next_id))
        next_id += 1
    for b in third.columns:
        row = rest[b]
        if seen[row].score >= rules.birth:
            born = Track(0, seen[row].label, begin(seen[row].box), frame, frame, pts_us, row)
            if frame == 0:
                born, next_id = replace(born, track_id=next_id), next_id + 1
            tracked.append(born)

    gone = [t for t in lost if t.track_id not in found_again and pts_us - t.last_us <= rules.lost_us]
    gone += [replace(losing[t], row=-1) for t in second.rows]
    tracked, gone = _without_twins(tracked, gone, rules.same)
    return State(frame + 1, next_id, tuple(tracked), tuple(gone))


def _moved(track: Track, steps: int, *, lost: bool) -> Track:
    motion = track.motion
    for _ in range(steps):
        motion = predict(motion, lost=lost)
    return replace(track, motion=motion)


def _rows(tracks: Sequence[Track]) -> Rows:
    return np.array([t.motion.corners for t in tracks], np.float64).reshape(-1, 4)


def _match(
    tracks: Sequence[Track], seen: Sequence[Seen], rows: Sequence[int], limit: float, *, weigh: bool = True
) -> Assigned:
    """Tracks with the boxes in `rows`; both sides of the answer are indices into these lists."""
    boxes = np.array([seen[r].box for r in rows], np.float64).reshape(-1, 4)
    weight = np.array([seen[r].score if weigh else 1.0 for r in rows], np.float64)
    costs: Costs = 1 - overlaps(_rows(tracks), boxes) * weight
    other = np.array([[t.label != seen[r].label for r in rows] for t in tracks], np.bool_)
    return assign(np.where(other.reshape(costs.shape), 2.0, costs), limit)


def _without_twins(tracked: list[Track], lost: list[Track], same: float) -> tuple[list[Track], list[Track]]:
    """Both lists without the younger of each two that lie on each other."""
    table = overlaps(_rows(tracked), _rows(lost))
    drop_tracked: set[int] = set()
    drop_lost: set[int] = set()
    for a, b in np.argwhere(table > same).tolist():
        if tracked[a].label != lost[b].label:
            continue
        age_a = tracked[a].last_frame - tracked[a].first_frame
        age_b = lost[b].last_frame - lost[b].first_frame
        if age_a > age_b:
            drop_lost.add(b)
        else:
            drop_tracked.add(a)
    return (
        [t for i, t in enumerate(tracked) if i not in drop_tracked],
        [t for i, t in enumerate(lost) if i not in drop_lost],
    )
