"""Two surveys and what was found become one report: a plain value of a stable shape.

`version` 1 (fields may be added; what is there keeps its name and meaning; times are stream time in µs):

- `a`, `b`: names of the runs. `same`: nothing differs in what was compared. `failed`: bounds that hold
  (`--fail-on`).
- `runs`: per run what it ran with (null where that was not written down): `profile`, `build`, `planned_at` (of
  live: from when on), `stations`, `stretches` (of live none), and in `set` its tunables that are not at their
  defaults.
- `settings`: what was set otherwise in one run than in the other, of stations that both ran: `path`, `a`, `b`.
- `sessions`: `stream_id`, `session_id`, `in` (both, a, b), `from_us` and `until_us` of what was compared (null
  where nothing was), per run `from_us`, `until_us`, `ended`, `records` by noun, `nouns` compared,
  `equal_bytes`: nouns whose records are equal to the byte.
- `models`: per noun what computed it in `a` and in `b`: `name`, `version`, `sha256`, `records`; `same`.
- `nouns`: per noun its measures (`nouns.measures`), numbers all, by the names that `--fail-on` takes.
- `examples`: per noun the largest differences, largest first: `kind`, `size`, `at_us`, `end_us`, `text`,
  session, `a_id` and `b_id` (records), `frame` (topic, partition, offset of the raw frame), and in `a` and `b`
  what each run says there: `state`, and where it has them `label`, `text`, `score`, `box` (x1, y1, x2, y2 in
  pixels), `start_us`, `end_us`, `id`, `with_id`, `frame`.
- `timeline`: per session how much differs in each `bin_us` from `from_us` on, by noun.
- `notes`: what a reader should know before the figures, in sentences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.diff.findings import BIN_US, Findings, Session
from connectors.diff.nouns import BY_NAME, measures
from connectors.diff.survey import Stretch, Survey, Told, begins_us
from schemas.records import Model

VERSION = 1
BINS = 240
"""Most bars of a session's timeline."""
NAMED = 3


@dataclass
class Compared:
    """Everything that came out. `stretches`: what was compared, by session and noun."""

    a: str
    b: str
    survey_a: Survey
    survey_b: Survey
    stretches: dict[tuple[Session, str], Stretch] = field(default_factory=dict)
    found: dict[str, Findings] = field(default_factory=dict)
    undecodable: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def sessions(self) -> list[Session]:
        """Sessions of either run."""
        return sorted({*self.survey_a, *self.survey_b})

    @property
    def measured(self) -> dict[str, dict[str, float]]:
        """Measures by noun, in the order of the route."""
        return {name: measures(noun, self.found[name]) for name, noun in BY_NAME.items() if name in self.found}

    @property
    def same(self) -> bool:
        """Whether the runs say nothing different about what was compared."""
        return all(m["equal"] == m["matched"] and not m["added"] and not m["lost"] for m in self.measured.values())


def plain(c: Compared, nouns: Sequence[str]) -> dict[str, Any]:
    """The report as JSON holds it; what `--json` prints and the page draws."""
    return {
        "version": VERSION,
        "a": c.a,
        "b": c.b,
        "same": c.same,
        "sessions": [_session(c, session, nouns) for session in c.sessions],
        "models": [_models(c, noun) for noun in nouns if noun in c.found],
        "nouns": c.measured,
        "examples": {
            noun: [example.plain(session) for session, example in found.examples()]
            for noun, found in c.found.items()
        },
        "timeline": [_timeline(c, session) for session in _compared(c)],
        "notes": notes(c, nouns),
    }


def _compared(c: Compared) -> list[Session]:
    return sorted({session for session, _ in c.stretches})


def _session(c: Compared, session: Session, nouns: Sequence[str]) -> dict[str, Any]:
    a, b = c.survey_a.get(session), c.survey_b.get(session)
    compared = {noun: s for (of, noun), s in c.stretches.items() if of == session}
    return {
        "stream_id": session.stream_id,
        "session_id": session.session_id,
        "in": "both" if a and b else "a" if a else "b",
        "from_us": min((s.from_us for s in compared.values()), default=None),
        "until_us": max((s.until_us for s in compared.values()), default=None),
        "a": _side(a),
        "b": _side(b),
        "nouns": [noun for noun in nouns if noun in compared],
        "equal_bytes": [noun for noun in compared if a and b and a[noun].digest == b[noun].digest],
    }


def _side(told: Mapping[str, Told] | None) -> dict[str, Any] | None:
    """Where a run begins and how far it has come in a session."""
    if not told:
        return None
    return {
        "from_us": begins_us(told),
        "until_us": max(t.until_us for t in told.values()),
        "ended": all(t.ended for t in told.values()),
        "records": {noun: t.records for noun, t in sorted(told.items())},
    }


def models_of(survey: Survey, noun: str) -> dict[Model, int]:
    """What computed a noun's records, and how many."""
    found: dict[Model, int] = {}
    for told in survey.values():
        for model, times in told[noun].models.items() if noun in told else ():
            found[model] = found.get(model, 0) + times
    return found


def _models(c: Compared, noun: str) -> dict[str, Any]:
    a, b = models_of(c.survey_a, noun), models_of(c.survey_b, noun)
    return {"noun": noun, "same": set(a) == set(b), "a": _counted(a), "b": _counted(b)}


def _counted(models: Mapping[Model, int]) -> list[dict[str, Any]]:
    order = sorted(models.items(), key=lambda m: (-m[1], m[0].name, m[0].version, m[0].sha256))
    return [model.as_dict() | {"records": times} for model, times in order]


def _timeline(c: Compared, session: Session) -> dict[str, Any]:
    """How much differs when, by noun, in at most BINS bars."""
    stretches = [s for (of, _), s in c.stretches.items() if of == session]
    start, end = min(s.from_us for s in stretches), max(s.until_us for s in stretches)
    width = max(1, -(-(end - start) // (BINS * BIN_US)))  # in seconds
    bars = max(1, -(-(end + 1 - start) // (width * BIN_US)))
    nouns = {}
    for noun, found in c.found.items():
        counts = [0] * bars
        for second, times in found.bins.get(session, {}).items():
            counts[min(bars - 1, max(0, (second * BIN_US - start) // (width * BIN_US)))] += times
        if any(counts):
            nouns[noun] = counts
    return {"stream_id": session.stream_id, "session_id": session.session_id, "from_us": start, "until_us": end,
            "bin_us": width * BIN_US, "nouns": nouns}  # fmt: skip


def notes(c: Compared, nouns: Sequence[str]) -> list[str]:
    """What a reader should know before the figures."""
    told = [*_alone(c.a, c.survey_a, c.survey_b), *_alone(c.b, c.survey_b, c.survey_a)]
    for session in sorted({*c.survey_a} & {*c.survey_b}):
        name = _name(session)
        a, b = c.survey_a[session], c.survey_b[session]
        for run, there, other in ((c.a, a, b), (c.b, b, a)):
            missing = [noun for noun in nouns if noun in other and noun not in there]
            if missing:
                told.append(f"{name}: {run} has no {', '.join(missing)}; not compared")
        told += _ranges(c, session, name)
    for run, nouns_ in c.undecodable.items():
        told += [f"{run}: {n} records of {noun} could not be decoded" for noun, n in nouns_.items()]
    return told


def _name(session: Session) -> str:
    return f"{session.stream_id} {session.session_id[:8]}"


def _alone(run: str, survey: Survey, other: Survey) -> list[str]:
    """Sessions that only one run speaks of, in one sentence."""
    names = [_name(session) for session in sorted(survey) if session not in other]
    if not names:
        return []
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    are = "is" if len(names) == 1 else "are"
    return [f"{', '.join(names[:NAMED])}{more} {are} in {run} only and not compared"]


def _ranges(c: Compared, session: Session, name: str) -> list[str]:
    """Whether only a part of a session was compared."""
    a, b = c.survey_a[session], c.survey_b[session]
    stretches = [(noun, s) for (of, noun), s in c.stretches.items() if of == session]
    if not stretches:
        return []
    told = []
    from_us = stretches[0][1].from_us
    begins = [at for at in (begins_us(a), begins_us(b)) if at is not None]
    if from_us > min(begins, default=0):
        told.append(
            f"{name}: compared from {from_us / 1e6:.2f} s on, where both runs have begun; what looks back "
            "(silences, events, highlights) knows less there in the run that began later"
        )
    shorter = [noun for noun, _ in stretches if a[noun].until_us != b[noun].until_us]
    if shorter:
        until = min(min(a[noun].until_us, b[noun].until_us) for noun in shorter)
        what = "" if len(shorter) == len(stretches) else f"{', '.join(shorter)} "
        told.append(f"{name}: {what}compared up to {until / 1e6:.2f} s, where both runs have come")
    return told
