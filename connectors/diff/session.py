"""Compares two runs in the log, session by session and noun by noun."""

from collections.abc import Callable, Sequence

from connectors.diff.compare import compare, findings_of
from connectors.diff.config import Config
from connectors.diff.log import RunLog
from connectors.diff.report import Compared
from connectors.diff.survey import common

STEADY = "fused"
"""Read in any case: it tells which picture belongs to a second."""


def diff(
    a: RunLog,
    b: RunLog,
    nouns: Sequence[str],
    config: Config,
    stream_id: str = "",
    session_id: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Compared:
    """What B says differently from A about the sessions that both speak of. A noun and a session at a time, a few
    records of each run in memory.
    """
    read = [*nouns, *({STEADY} - set(nouns))]
    say(f"looking through {a.run}")
    survey_a = a.survey(read, stream_id, session_id)
    say(f"looking through {b.run}")
    result = Compared(a.run, b.run, survey_a, b.survey(read, stream_id, session_id))
    for session in result.sessions:
        of_a, of_b = survey_a.get(session, {}), result.survey_b.get(session, {})
        for noun in nouns:
            stretch = common(of_a, of_b, noun, max(run.asked_us.get(session, 0) for run in (a, b)))
            if stretch is None:
                continue
            say(f"comparing {noun} of {session.stream_id}")
            result.stretches[session, noun] = stretch
            found = result.found.setdefault(noun, findings_of(config))
            left, right = a.kept(noun, session, of_a[noun]), b.kept(noun, session, of_b[noun])
            compare(noun, session, left, right, stretch, config, found)
    result.undecodable = {run.run: run.undecodable for run in (a, b) if run.undecodable}
    return result
