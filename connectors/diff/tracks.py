"""Tracks: which identity of A is which of B, by the boxes that they share over frames."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.diff.boxes import Seen, same_things
from connectors.diff.config import Config
from connectors.diff.findings import Example, Findings, LaneSpan, Mark
from connectors.diff.order import by_frame
from connectors.diff.pairing import overlap, paired
from schemas.records import Ref, Tracks

EQUAL = 1e-9


@dataclass
class Course:
    """One run's track over the session: how long, where it is seen best, and whom it was matched with."""

    track_id: int
    label: str
    start_us: int
    end_us: int
    frames: int = 0
    best: tuple[float, Seen, Ref | None, str, int, int, int] | None = None
    met: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    last_met: int = -1
    switches: int = 0

    def key(self) -> tuple[int, int, str, int]:
        """What it is, for breaking ties."""
        return self.start_us, self.end_us, self.label, self.frames

    def meet(self, other: int) -> None:
        """One frame in which it was the other run's track `other`."""
        self.met[other] += 1
        self.switches += self.last_met not in (-1, other)
        self.last_met = other

    def pieces(self, share: float) -> int:
        """Tracks of the other run that carry at least `share` of its frames."""
        return sum(frames >= max(2, share * self.frames) for frames in self.met.values())


def compare_tracks(a: Iterable[Tracks], b: Iterable[Tracks], config: Config, findings: Findings) -> None:
    """Tracks of one session. Boxes are matched frame by frame without regard to identity; tracks are then
    assigned so that their common area over frames is greatest (as IDF1 does: Ristani et al. 2016).

    splits: tracks of B that carry a share of one of A, but for the first; merges: the other way round; switches:
    how often the identity in B changes along the tracks of A.
    """
    of_a: dict[int, Course] = {}
    of_b: dict[int, Course] = {}
    shared: dict[tuple[int, int], float] = defaultdict(float)
    for x, y in by_frame(a, b):
        if x is None or y is None:
            findings.counts["frames_only_b" if x is None else "frames_only_a"] += 1
            continue
        findings.counts["frames"] += 1
        left, right = _follow(x, of_a), _follow(y, of_b)
        for i, j in same_things(left, right, config.box_overlap, by_label=True).pairs:
            one, other = left[i].who, right[j].who
            of_a[one].meet(other)
            of_b[other].meet(one)
            shared[one, other] += overlap(left[i].box, right[j].box)
    _judge(of_a, of_b, shared, config, findings)


def _follow(record: Tracks, courses: dict[int, Course]) -> list[Seen]:
    """The record's boxes, and its tracks a frame longer."""
    found = sorted(
        Seen((t.x1_px, t.y1_px, t.x2_px, t.y2_px), t.label, t.score, (), t.track_id) for t in record.tracks
    )
    for seen in found:
        course = courses.setdefault(seen.who, Course(seen.who, seen.label, record.pts_us, record.pts_us))
        course.frames += 1
        course.end_us, course.label = record.pts_us, seen.label
        if course.best is None or seen.score > course.best[0]:
            course.best = (seen.score, seen, record.frame, record.id, record.pts_us, record.width_px,
                           record.height_px)  # fmt: skip
    return found


def _judge(
    of_a: dict[int, Course],
    of_b: dict[int, Course],
    shared: dict[tuple[int, int], float],
    config: Config,
    findings: Findings,
) -> None:
    a, b = sorted(of_a.values(), key=Course.key), sorted(of_b.values(), key=Course.key)
    at_a, at_b = {c.track_id: i for i, c in enumerate(a)}, {c.track_id: j for j, c in enumerate(b)}
    shares = {
        (at_a[one], at_b[other]): area / (of_a[one].frames + of_b[other].frames - of_a[one].met[other])
        for (one, other), area in shared.items()
    }
    found = paired(
        [c.key() for c in a],
        [c.key() for c in b],
        {pair: share for pair, share in shares.items() if share >= config.track_overlap},
    )
    counts = findings.counts
    counts["a"] += len(a)
    counts["b"] += len(b)
    counts["splits"] += sum(max(0, c.pieces(config.track_share) - 1) for c in a)
    counts["merges"] += sum(max(0, c.pieces(config.track_share) - 1) for c in b)
    counts["switches_a"] += sum(c.switches for c in a)
    counts["switches_b"] += sum(c.switches for c in b)
    states_a, states_b = ["lost"] * len(a), ["added"] * len(b)
    for i, j in found.pairs:
        states_a[i] = states_b[j] = _pair(a[i], b[j], shares[i, j], config, findings)
    for i in found.lost:
        findings.count("lost", a[i].start_us, end_us=a[i].end_us)
        findings.example(_alone(a[i], "lost", config))
    for j in found.added:
        findings.count("added", b[j].start_us, end_us=b[j].end_us)
        findings.example(_alone(b[j], "added", config))
    findings.lane(_lane(a, states_a), _lane(b, states_b))


def _lane(courses: Sequence[Course], states: Sequence[str]) -> list[LaneSpan]:
    return [
        LaneSpan(c.start_us, c.end_us, state, f"{c.label} {c.track_id}", c.best[0] if c.best else None)
        for c, state in zip(courses, states, strict=True)
    ]


def _pair(x: Course, y: Course, share: float, config: Config, findings: Findings) -> str:
    by_us = max(abs(x.start_us - y.start_us), abs(x.end_us - y.end_us))
    states = ["moved"] if by_us > config.time_moved_s * 1e6 else []
    states += ["relabelled"] if x.label != y.label else []
    findings.sums["overlap"] += share
    same = x.key() == y.key() and share >= 1 - EQUAL
    state = findings.judged(states, same, x.start_us, x.end_us)
    if states:
        told = [f"{x.label} {x.track_id} is {y.label} {y.track_id}, {share:.0%} shared"]
        told += [f"{(y.frames - x.frames):+d} frames"] if x.frames != y.frames else []
        findings.example(_example(x, y, states[-1], 1 - share, "; ".join(told)))
    return state


def _alone(course: Course, state: str, config: Config) -> Example:
    seconds = (course.end_us - course.start_us) / 1e6
    told = f"{course.label} {course.track_id}, {course.frames} frames ({seconds:.1f} s)"
    if met := course.pieces(config.track_share):
        told += f", carried by {met} of the other run" if met > 1 else ", in part another's in the other run"
    one, other = (course, None) if state == "lost" else (None, course)
    return _example(one, other, state, 1 + min(seconds, 600) / 600, told)


def _example(x: Course | None, y: Course | None, kind: str, size: float, text: str) -> Example:
    shown = x or y
    assert shown is not None
    assert shown.best is not None
    _, _, frame, _, at_us, width, height = shown.best
    ends = [c.end_us for c in (x, y) if c]
    return Example(kind, size, at_us, max(ends), text, _marks(x, kind, at_us), _marks(y, kind, at_us),
                   x.best[3] if x and x.best else "", y.best[3] if y and y.best else "", frame, width,
                   height)  # fmt: skip


def _marks(course: Course | None, kind: str, at_us: int) -> tuple[Mark, ...]:
    """The track as it was seen best; its box only if that was in the frame that is shown."""
    if course is None or course.best is None:
        return ()
    box = course.best[1].box if course.best[4] == at_us else None
    text = f"track {course.track_id}, {course.frames} frames"
    return (Mark(kind, course.label, text, course.best[0], box, course.start_us, course.end_us),)
