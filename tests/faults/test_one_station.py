"""One real station is killed again and again within one session: its snapshots, its merge, its output's tail."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from processors.tail import read_tails
from tests.faults.dice import SEED, times
from tests.faults.real_worker import names_of
from tests.fixtures_kafka import eventually
from tests.processors.lab import ROOT
from tests.route.played import Played
from tests.route.reopened import Log
from topics.broker import ensure_topics
from topics.catalog import BY_NOUN
from topics.route import BY_STATION

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.media, pytest.mark.timeout(900)]
KILLS = times(few=2, whole=20)


@pytest.mark.parametrize("station", ["detections", "emotions", "fused"])
def test_a_station_killed_again_and_again_within_a_session_says_what_it_said_unkilled(
    station: str, reopened: Log, played: Played, tmp_path: Path
) -> None:
    rng = random.Random(f"{SEED} {station}")
    noun = BY_NOUN[station]
    mine = replace(reopened.connection, names=names_of(station))
    ensure_topics(mine)
    inputs = sum(len(reopened.messages(t.noun)) for t in BY_STATION[station].reads)
    nap_s = 3 * (KILLS + 1) / inputs  # about three seconds of work between two kills
    words = [
        sys.executable,
        "-m",
        "tests.faults.real_worker",
        mine.bootstrap,
        mine.registry_url,
        station,
        f"{nap_s}",
    ]
    env = os.environ | {"FRAMELOG_MODELS": str(played.weights)}

    def said() -> list[bytes]:
        name = mine.names.topic(noun)
        tails = read_tails(mine, {(name, p): None for p in range(mine.partitions)})
        return [m.value() or b"" for _, tail in sorted(tails.items()) for m in tail.messages]

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "worker.log").open("ab") as log:
            return subprocess.Popen(words, cwd=ROOT, env=env, stderr=log)

    def more(than: int, worker: subprocess.Popen[bytes]) -> bool:
        assert worker.poll() is None, (tmp_path / "worker.log").read_text()[-3000:]
        return len(said()) > than

    want, kills, worker = [m.value or b"" for m in reopened.messages(station)], 0, start()
    # After which record it is killed is drawn, one in each part of the session; a part of the work is left after
    # the last, so that every kill hits it at work however fast or busy the machine is.
    parts = KILLS + 3  # the last of them are told all at once, when the inputs have ended
    after = [int(len(want) * (part + rng.random()) / parts) for part in range(KILLS)]
    try:
        for number in after:
            eventually(lambda n=number, w=worker: more(n, w), 120)  # type: ignore[misc]
            worker.kill()
            worker.wait(20)
            kills += len(said()) < len(want)
            worker = start()
        eventually(lambda: more(len(want) - 1, worker), 180)
        worker.terminate()
        assert worker.wait(30) in (0, -15), "the last one may not even have begun"
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait(20)
    got = said()
    lost, doubled = len(set(want) - set(got)), len(got) - len(set(got))
    print(f"seed {SEED}: {station} killed {kills} times, {len(want)} records, {lost} lost, {doubled} doubled")
    assert kills == KILLS, f"only {kills} kills hit it at work"
    assert got == want
