"""Words: aligned within stretches of speech, fewest edits first, then nearest in time."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connectors.diff.config import Config
from connectors.diff.findings import Example, Findings, LaneSpan, Mark
from connectors.diff.order import Said, together
from schemas.records import Speech

EDIT = 1_000_000_000
"""Cost of one edit: more than all differences in time of a stretch together."""
FAR_MS = 100_000
WORD = re.compile(r"[^\w']+")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word: as it was written, as it is compared, when, and how sure."""

    text: str
    plain: str
    start_us: int
    end_us: int
    confidence: float
    id: str


@dataclass(frozen=True, slots=True)
class Spell:
    """An utterance's words."""

    start_us: int
    end_us: int
    words: tuple[Spoken, ...]
    id: str
    answered: bool = True


def normalised(text: str) -> str:
    """A word as it is compared: compatibility forms, no case, no punctuation but apostrophes within."""
    return WORD.sub("", unicodedata.normalize("NFKC", text).casefold()).strip("'_")


def spells(records: Iterable[Speech]) -> Iterator[Said[Spell]]:
    """Utterances that hold words; a text without timed words is spread over its span."""
    for r in records:
        words = tuple(
            Spoken(w.text.strip(), plain, w.start_us, w.end_us, w.confidence, r.id)
            for w in r.words
            if (plain := normalised(w.text))
        )
        if not words and r.text:
            words = tuple(_spread(r))
        answered = r.status not in ("unavailable", "rejected")
        spell = Spell(r.start_us, r.end_us, words, r.id, answered)
        yield Said((spell,) if words or not answered else (), min(r.watermark_us, r.end_us))


def _spread(r: Speech) -> Iterator[Spoken]:
    words = [(text, plain) for text in r.text.split() if (plain := normalised(text))]
    each = (r.end_us - r.start_us) // max(1, len(words))
    for n, (text, plain) in enumerate(words):
        yield Spoken(text, plain, r.start_us + n * each, r.start_us + (n + 1) * each, 1.0, r.id)


Pair = tuple[Spoken | None, Spoken | None]


def aligned(a: Sequence[Spoken], b: Sequence[Spoken]) -> list[Pair]:
    """Both sequences side by side with the fewest edits (Levenshtein 1966; Needleman and Wunsch 1970); among
    those, the one whose pairs are nearest in time (after Fiscus et al. 2006). The same whichever side is A.
    """
    if [_key(w) for w in b] < [_key(w) for w in a]:
        return [(x, y) for y, x in aligned(b, a)]
    head = 0
    while head < min(len(a), len(b)) and _key(a[head])[:3] == _key(b[head])[:3]:
        head += 1  # said alike at the same time: nothing better can be had
    x, y = a[head:], b[head:]
    costs = [[j * EDIT for j in range(len(y) + 1)]]
    for i, left in enumerate(x, 1):
        above, row = costs[-1], [i * EDIT]
        for j, right in enumerate(y, 1):
            row.append(min(above[j - 1] + _cost(left, right), above[j] + EDIT, row[-1] + EDIT))
        costs.append(row)
    pairs: list[Pair] = []
    i, j = len(x), len(y)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + _cost(x[i - 1], y[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((x[i], y[j]))
        elif i and costs[i][j] == costs[i - 1][j] + EDIT:
            i -= 1
            pairs.append((x[i], None))
        else:
            j -= 1
            pairs.append((None, y[j]))
    return [*zip(a[:head], b[:head], strict=True), *reversed(pairs)]


def _key(word: Spoken) -> tuple[str, int, int, float]:
    return word.plain, word.start_us, word.end_us, word.confidence


def _cost(x: Spoken, y: Spoken) -> int:
    apart_ms = min(abs(x.start_us + x.end_us - y.start_us - y.end_us) // 2000, FAR_MS)
    return apart_ms if x.plain == y.plain else EDIT + FAR_MS + apart_ms


def compare_words(a: Iterable[Speech], b: Iterable[Speech], config: Config, findings: Findings) -> None:
    """Words of both runs, stretch by stretch of speech."""
    for left, right in together(spells(a), spells(b), round(config.pause_s * 1e6), round(config.stretch_s * 1e6)):
        left, right = (
            sorted(left, key=lambda s: (s.start_us, s.id)),
            sorted(right, key=lambda s: (s.start_us, s.id)),
        )
        findings.counts["unanswered_a"] += sum(not s.answered for s in left)
        findings.counts["unanswered_b"] += sum(not s.answered for s in right)
        pairs = aligned([w for s in left for w in s.words], [w for s in right for w in s.words])
        if pairs:
            _stretch(pairs, left, right, config, findings)


def _stretch(
    pairs: Sequence[Pair], left: Sequence[Spell], right: Sequence[Spell], config: Config, findings: Findings
) -> None:
    states = [_judge(x, y, config, findings) for x, y in pairs]
    marks_a = tuple(_mark(x, y, s) for (x, y), s in zip(pairs, states, strict=True) if x)
    marks_b = tuple(_mark(y, x, s) for (x, y), s in zip(pairs, states, strict=True) if y)
    edits = sum(s in ("substituted", "lost", "added") for s in states)
    changed = sum(s != "same" for s in states)
    start, end = min(s.start_us for s in (*left, *right)), max(s.end_us for s in (*left, *right))
    ids = tuple(side[0].id if side else "" for side in (left, right))
    if changed:
        kinds = ("substituted", "lost", "added", "moved")
        kind = next(k for k in kinds if any(k in s for s in states))
        text = f"“{_text(marks_a)}” → “{_text(marks_b)}”"
        findings.example(
            Example(kind, edits + 0.001 * changed, start, end, text, marks_a, marks_b, ids[0], ids[1])
        )
    state = "relabelled" if edits else "same"
    said = {True: "lost" if not marks_b else state, False: "added" if not marks_a else state}
    findings.lane(
        [LaneSpan(s.start_us, s.end_us, said[True], " ".join(w.text for w in s.words)) for s in left],
        [LaneSpan(s.start_us, s.end_us, said[False], " ".join(w.text for w in s.words)) for s in right],
    )


def _judge(x: Spoken | None, y: Spoken | None, config: Config, findings: Findings) -> str:
    findings.counts["a"] += x is not None
    findings.counts["b"] += y is not None
    if x is None or y is None:
        word = x or y
        assert word is not None
        state = "added" if x is None else "lost"
        findings.count(state, word.start_us)
        return state
    if x.plain != y.plain:
        findings.count("substituted", x.start_us)
        return "substituted"
    by_us = max(abs(x.start_us - y.start_us), abs(x.end_us - y.end_us))
    states = ["moved"] if by_us > config.word_moved_s * 1e6 else []
    # Two recognisers' confidences are on scales of their own: counted, but the word is the same.
    findings.counts["rescored"] += abs(x.confidence - y.confidence) >= config.word_rescored
    return findings.judged(states, (x.text, *_key(x)) == (y.text, *_key(y)), x.start_us)


def _mark(word: Spoken | None, other: Spoken | None, state: str) -> Mark:
    assert word is not None
    with_ = "" if other is None else other.id
    return Mark(state, "", word.text, word.confidence, None, word.start_us, word.end_us, word.id, with_)


def _text(marks: Sequence[Mark], most: int = 14) -> str:
    words = [m.text for m in marks[:most]]
    return " ".join(words) + (" …" if len(marks) > most else "") if words else "–"
