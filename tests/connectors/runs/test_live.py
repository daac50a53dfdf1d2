"""What live ran with is written down once a change, whoever starts when, and told as of any time."""

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.runs.ledger import run_of, runs, write
from connectors.runs.live import Held, Setting, as_of, due, during, history, note, told
from connectors.runs.record import BadRun, Run, Used
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.read import read

STATIONS = ("detections", "tracks")


def setting(score: float, station: str = "detections", build: str = "b") -> Setting:
    return Setting(
        station=station, profile="cpu", config={"min_score": score, "classes": ()}, model=Used("yolo", "1", "ab"),
        build=build,
    )  # fmt: skip


def taken(log: list[tuple[str, Setting]]) -> dict[str, tuple[Held, ...]]:
    """Changes as they lie in a log that took one a millisecond."""
    return told(Held(setting=s, since_ms=at, key=key) for at, (key, s) in enumerate(log))


def test_where_nothing_is_written_down_all_is_due_and_nothing_held() -> None:
    assert told([]) == {}
    assert as_of({}) == {}
    assert during((), 0, 9) == ()
    assert [s.station for s in due({}, [setting(0.2), setting(0.2, "tracks")]).values()] == list(STATIONS)


# Who looks at the log when (how much of it they see), and what they start with.
starts = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0.2, 0.5]), st.sampled_from(STATIONS)))


@given(starts)
def test_what_is_written_twice_is_one_change_whoever_looks_when(steps: list[tuple[int, float, str]]) -> None:
    log: list[tuple[str, Setting]] = []
    for behind, score, station in steps:
        seen = taken(log[: max(0, len(log) - behind)])
        log += due(seen, [setting(score, station)]).items()
    found = taken(log)
    for mine in found.values():
        assert len({h.key for h in mine}) == len(mine)
        assert all(a.setting != b.setting for a, b in pairwise(mine))


@given(st.lists(st.sampled_from([0.2, 0.3, 0.5]), min_size=1))
def test_who_sees_all_writes_each_change_and_no_more(scores: list[float]) -> None:
    log: list[tuple[str, Setting]] = []
    for score in scores:
        log += due(taken(log), [setting(score)]).items()
    kept = [s for n, s in enumerate(scores) if n == 0 or scores[n - 1] != s]
    assert [s.config["min_score"] for _, s in log] == kept
    assert len({key for key, _ in log}) == len(log)  # to go back is a change too
    assert not due(taken(log), [setting(scores[-1])])


@given(st.lists(st.integers(1, 9)), st.integers(0, 60), st.integers(0, 30))
def test_what_held_during_a_time_is_what_held_at_each_moment_of_it(
    gaps: list[int], start: int, length: int
) -> None:
    at, mine = 0, list[Held]()
    for n, gap in enumerate(gaps):
        at += gap
        mine.append(Held(setting=setting(n), since_ms=at, key=str(n)))
    moments = [as_of({"detections": mine}, ms).get("detections") for ms in range(start, start + length + 1)]
    keys = list(dict.fromkeys(h.key for h in moments if h is not None))
    assert [h.key for h in during(mine, start, start + length)] == keys


@pytest.fixture(scope="module")
def log(broker: str, registry_url: str) -> Connection:
    made = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=2)
    ensure_topics(made)
    return made


def scores(found: Sequence[Held]) -> list[Any]:
    return [h.setting.config["min_score"] for h in found]


@pytest.mark.kafka
def test_workers_that_start_at_once_write_it_once_and_a_restart_writes_nothing(log: Connection) -> None:
    ready = Barrier(4)

    def start(_: int) -> list[str]:
        ready.wait(30)
        return note(log, [setting(0.2), setting(0.2, "tracks")], "ada@here")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(4)))
    first = history(log)
    assert {s: scores(h) for s, h in first.items()} == {"detections": [0.2], "tracks": [0.2]}
    assert first["detections"][0].who == "ada@here"
    assert len({m.key() for m in read(log, [log.names.runs])}) == 2  # what compaction keeps
    size = len(list(read(log, [log.names.runs])))
    assert note(log, [setting(0.2)]) == []
    assert len(list(read(log, [log.names.runs]))) == size


@pytest.mark.kafka
def test_a_change_holds_from_when_the_log_took_it_and_runs_know_nothing_of_it(log: Connection) -> None:
    assert note(log, [setting(0.2), setting(0.2, "tracks")]) in ([], list(STATIONS))
    before_ms = history(log)["detections"][-1].since_ms
    assert note(log, [setting(0.5), setting(0.2, "tracks")]) == ["detections"]
    assert note(log, [setting(0.5, build="later")]) == ["detections"]
    found = history(log)
    assert scores(found["detections"]) == [0.2, 0.5, 0.5]
    assert len(found["tracks"]) == 1
    assert as_of(found, before_ms)["detections"].setting.config["min_score"] == 0.2
    assert as_of(found)["detections"].setting.build == "later"
    assert as_of(found, before_ms - 1) == {}
    run = Run(
        name="strict", stream="door", passages=(), reaches=(), stations=(), own=(), profile="cpu", config={},
        models={}, build="b",
    )  # fmt: skip
    write(log, run)
    assert list(runs(log)) == ["strict"]
    assert run_of(log, "strict") == run
    with pytest.raises(BadRun, match="live is what the platform itself says"):
        run_of(log, "live")
