"""Spans of time: highlights, events, spoken stretches, silences and sounds, matched by how they overlap."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from connectors.diff.config import Config
from connectors.diff.findings import Example, Findings, LaneSpan, Mark
from connectors.diff.order import Said, together
from connectors.diff.pairing import paired, time_overlap
from schemas.records import Event, Highlight, Ref, Sounds, Utterance

ALIKE = 0.5
"""What equal reasons add to an overlap when two spans compete for a third: at most this."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A span that one run tells of. `kinds`: why (of a highlight its reasons, of an event its rules); equal ones
    make two spans more alike. `strict`: spans of another label are something else.
    """

    start_us: int
    end_us: int
    label: str = ""
    text: str = ""
    score: float = 0.0
    kinds: tuple[str, ...] = ()
    id: str = ""
    frame: Ref | None = field(default=None, compare=False)


def highlights(records: Iterable[Highlight]) -> Iterator[Said[Span]]:
    """Highlights as spans."""
    for r in records:
        kinds = tuple(sorted({reason.kind for reason in r.reasons}))
        yield Said((Span(r.start_us, r.end_us, "", r.title, r.score, kinds, r.id, r.frame),), r.watermark_us)


def events(records: Iterable[Event]) -> Iterator[Said[Span]]:
    """Statements as spans; a window of which nothing was said is none."""
    for r in records:
        told = bool(r.text or r.hits) and r.status == "ok"
        kinds = tuple(sorted({hit.kind for hit in r.hits}))
        span = Span(r.start_us, r.end_us, "", r.text, r.score, kinds, r.id, r.frame)
        yield Said((span,) if told else (), r.watermark_us)


def utterances(records: Iterable[Utterance]) -> Iterator[Said[Span]]:
    """Stretches of speech."""
    for r in records:
        span = Span(r.start_us, r.end_us, r.speaker, r.speaker or "speech", 0.0, (), r.id)
        yield Said((span,) if r.speech else (), r.watermark_us)


def sounds(records: Iterable[Sounds]) -> Iterator[Said[Span]]:
    """Silences and sound classes, each from the first record that tells of it to the last without a break."""
    open_: dict[str, Span] = {}
    for r in records:
        scores = {c.label: c.score for c in r.classes} | ({"silence": 1.0} if r.silence else {})
        done = [s for label, s in sorted(open_.items()) if label not in scores or s.end_us < r.start_us]
        for span in done:
            del open_[span.label]
        for label, score in scores.items():
            old = open_.get(label)
            open_[label] = (
                Span(r.start_us, r.end_us, label, label, score, (), r.id)
                if old is None
                else Span(old.start_us, r.end_us, label, label, max(old.score, score), (), old.id)
            )
        began_us = min((s.start_us for s in open_.values()), default=r.end_us)
        yield Said(tuple(done), min(began_us, r.watermark_us))
    yield Said(tuple(span for _, span in sorted(open_.items())), 0)


def compare_spans(
    a: Iterator[Said[Span]], b: Iterator[Said[Span]], config: Config, findings: Findings, by_label: bool = False
) -> None:
    """Spans of both runs, group by group. With `by_label` only spans of equal label can be the same."""
    for left, right in together(a, b):
        compare_group(sorted(left), sorted(right), config, findings, by_label)


def compare_group(
    a: Sequence[Span], b: Sequence[Span], config: Config, findings: Findings, by_label: bool
) -> None:
    """Spans that overlap in some way: the pairs of greatest overlap, equal reasons counting as well."""
    gains = {
        (i, j): shared + ALIKE * alike(x.kinds, y.kinds)
        for i, x in enumerate(a)
        for j, y in enumerate(b)
        if (x.label.casefold() == y.label.casefold() or not by_label)
        and (shared := time_overlap((x.start_us, x.end_us), (y.start_us, y.end_us))) >= config.time_overlap
        and shared > 0
    }
    found = paired(a, b, gains)
    findings.counts["a"] += len(a)
    findings.counts["b"] += len(b)
    of_a, of_b = ["lost"] * len(a), ["added"] * len(b)
    for i, j in found.pairs:
        of_a[i] = of_b[j] = _pair(a[i], b[j], config, findings)
    for i in found.lost:
        findings.count("lost", a[i].start_us, end_us=a[i].end_us)
        findings.example(_alone(a[i], "lost"))
    for j in found.added:
        findings.count("added", b[j].start_us, end_us=b[j].end_us)
        findings.example(_alone(b[j], "added"))
    findings.lane(
        (LaneSpan(s.start_us, s.end_us, of, s.text, s.score) for s, of in zip(a, of_a, strict=True)),
        (LaneSpan(s.start_us, s.end_us, of, s.text, s.score) for s, of in zip(b, of_b, strict=True)),
    )


def alike(a: Sequence[str], b: Sequence[str]) -> float:
    """Jaccard's index of two sets of words; 1 for two empty ones."""
    both = set(a) | set(b)
    return len(set(a) & set(b)) / len(both) if both else 1.0


def _pair(x: Span, y: Span, config: Config, findings: Findings) -> str:
    """Judges what is the same moment; its state."""
    by_us = max(abs(x.start_us - y.start_us), abs(x.end_us - y.end_us))
    states = []
    if by_us > config.time_moved_s * 1e6:
        states.append("moved")
    if abs(x.score - y.score) >= config.rescored:
        states.append("rescored")
    if x.label.casefold() != y.label.casefold():
        states.append("relabelled")
    if x.kinds != y.kinds:
        states.append("reasons")
        findings.counts["reasons_changed"] += 1
    findings.sums["overlap"] += time_overlap((x.start_us, x.end_us), (y.start_us, y.end_us))
    findings.sums["score_moved"] += abs(x.score - y.score)
    same = (x.start_us, x.end_us, x.label, x.text, x.score, x.kinds) == (
        y.start_us, y.end_us, y.label, y.text, y.score, y.kinds,
    )  # fmt: skip
    state = findings.judged(states, same, x.start_us, x.end_us)
    told = []
    if x.kinds != y.kinds:
        gone, new = sorted(set(x.kinds) - set(y.kinds)), sorted(set(y.kinds) - set(x.kinds))
        told += [f"−{kind}" for kind in gone] + [f"+{kind}" for kind in new]
    if x.text != y.text:
        findings.counts["retold"] += 1
    if states or x.text != y.text:
        if "moved" in states:
            told.append(f"begins {_by(y.start_us - x.start_us)}, ends {_by(y.end_us - x.end_us)}")
        if "rescored" in states:
            told.append(f"score {x.score:.2f} → {y.score:.2f}")
        if x.text != y.text:
            told.append(f"“{x.text}” → “{y.text}”")
        size = min(by_us / 1e6, 10) / 20 + abs(x.score - y.score) + 0.3 * (1 - alike(x.kinds, y.kinds))
        kind = states[0] if states else "retold"
        findings.example(
            Example(kind, min(size, 0.99), x.start_us, max(x.end_us, y.end_us), "; ".join(told),
                    (_mark(x, state if states else kind),), (_mark(y, state if states else kind),), x.id, y.id,
                    x.frame or y.frame)
        )  # fmt: skip
    return state


def _by(us: int) -> str:
    return "as before" if us == 0 else f"{abs(us) / 1e6:.2f} s {'later' if us > 0 else 'earlier'}"


def _mark(span: Span, state: str) -> Mark:
    label = ", ".join(span.kinds) or span.label
    return Mark(state, label, span.text, span.score, None, span.start_us, span.end_us, span.id, frame=span.frame)


def _alone(span: Span, state: str) -> Example:
    marks = (_mark(span, state),)
    a, b = (marks, ()) if state == "lost" else ((), marks)
    ids = (span.id, "") if state == "lost" else ("", span.id)
    seconds = (span.end_us - span.start_us) / 1e6
    # Whatever is not there at all weighs more than what has changed.
    return Example(state, 1 + span.score + min(seconds, 60) / 1000, span.start_us, span.end_us,
                   f"{span.text or span.label} ({seconds:.1f} s)", a, b, *ids, span.frame)  # fmt: skip
