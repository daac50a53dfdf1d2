"""A Map and a Fold over three topics under live load while their workers are killed, frozen, moved and buggy.

The rows of what the shell was shown to stand in the laboratory, each as a test of the shell as it is now. What
comes out is compared, byte for byte, with what the offline shell makes of the same messages.
"""

import random
import signal
import statistics
import subprocess
import time
from itertools import pairwise

import pytest

from processors.envelope import STATION, header
from processors.tail import read_tails
from tests.faults.dice import SEED, times
from tests.fixtures_kafka import eventually
from tests.processors.lab import OUTPUTS, PARTITIONS, Lab, Raw, clip, woven
from topics import catalog as c

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(900)]
KILLS, MOVES, FREEZES = times(2, 20), times(2, 20), times(1, 3)
PER_S = 400.0
JUNK: Raw = (c.FRAMES, "a", b"no record at all")


def camera(rng: random.Random, seconds: float, poison: int = 0) -> list[Raw]:
    """Four streams for so long at the rate at which they are fed, with so many records that nobody can read."""
    raw = woven(rng, *(clip(s, int(seconds * PER_S / 4 / 1.3)) for s in "abcd"))
    for at in sorted(rng.sample(range(len(raw)), poison)):
        raw.insert(at, JUNK)
    return raw


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_are_killed_under_live_load_and_poison(lab: Lab, workers: int) -> None:
    rng = random.Random(SEED + workers)
    poison = 195 * KILLS // 20
    raw = camera(rng, 6 + 4 * KILLS, poison)
    kills = 0
    names = [{"TOY_INSTANCE": f"w{n}"} for n in range(workers)]
    alive = [lab.start(**env) for env in names]
    with lab.load(raw, PER_S) as load:
        while kills < KILLS and load.is_alive():
            n = rng.randrange(workers)
            eventually(lambda w=alive[n]: lab.recovered(w))  # type: ignore[misc]
            lab.moved()
            time.sleep(rng.uniform(0.0, 1.2))  # the moment is what is drawn
            alive[n].kill()
            alive[n].wait(20)
            kills += 1
            alive[n] = lab.start(**names[n])
    want, _ = lab.offline()
    lab.finished(want, 180)
    eventually(lambda: len(lab.letters()) >= 2 * poison)
    for worker in alive:
        lab.stop(worker)
    lab.assert_equal(want)
    by_station = [header(m.headers(), STATION) for m in lab.letters()]
    assert by_station.count(b"detections") == by_station.count(b"streams") == poison
    assert kills >= 0.8 * KILLS, f"only {kills} kills hit them at work"
    print(f"seed {SEED}: {workers} workers, {kills} kills, {len(raw)} records in at {PER_S:.0f}/s, {lab.out()} "
          f"out, 0 lost, 0 doubled, 0 out of order, {poison} of {poison} dead letters a station")  # fmt: skip


def pauses_s(lab: Lab) -> list[float]:
    """The longest time without an output in each partition of each topic, by when the log took them."""
    found = []
    for topic in OUTPUTS:
        name = lab.connection.names.topic(topic)
        for tail in read_tails(lab.connection, {(name, p): None for p in range(PARTITIONS)}).values():
            at = [m.timestamp()[1] / 1000 for m in tail.messages]
            found.append(max((b - a for a, b in pairwise(at)), default=0.0))
    return found


def test_workers_join_and_leave_under_live_load_and_the_pauses_are_known(lab: Lab) -> None:
    rng = random.Random(SEED)
    raw = camera(rng, 8 + 6 * MOVES)
    first, moves, took_s = lab.start(), 0, list[float]()
    with lab.load(raw, PER_S) as load:
        eventually(lambda: lab.recovered(first))
        while moves < MOVES and load.is_alive():
            lab.moved()
            began_s = time.monotonic()
            second = lab.start()
            eventually(lambda w=second: lab.recovered(w))  # type: ignore[misc]
            took_s.append(time.monotonic() - began_s)
            lab.moved(5)
            time.sleep(rng.uniform(0.0, 0.8))  # the moment is what is drawn
            lab.stop(second)
            moves += 1
    want, _ = lab.offline()
    lab.finished(want, 180)
    lab.stop(first)
    lab.assert_equal(want)
    pauses = pauses_s(lab)
    assert moves >= 0.8 * MOVES, f"only {moves} came and went under load"
    assert max(pauses) < 30, "a rebalance that takes longer than the group's patience"
    print(f"seed {SEED}: {moves} joined and left, {lab.out()} out, 0 lost, 0 doubled; longest pause of a "
          f"partition {max(pauses):.1f} s, median {statistics.median(pauses):.1f} s; "
          f"start to share {statistics.median(took_s):.1f} s")  # fmt: skip


def test_a_worker_is_frozen_past_its_session_and_woken_after_another_took_over(lab: Lab) -> None:
    rng = random.Random(SEED)
    raw = camera(rng, 10 + 14 * FREEZES)
    frozen, ends = lab.start(), list[int]()
    with lab.load(raw, PER_S):
        for _ in range(FREEZES):
            eventually(lambda w=frozen: lab.recovered(w))  # type: ignore[misc]
            lab.moved()
            other = lab.start()
            time.sleep(rng.uniform(0.0, 1.5))  # the moment is drawn: before, while or after the other joins
            frozen.send_signal(signal.SIGSTOP)
            eventually(lambda w=other: lab.recovered(w))  # type: ignore[misc]
            lab.moved(20)
            frozen.send_signal(signal.SIGCONT)
            ends.append(frozen.wait(20))
            frozen = other
    want, _ = lab.offline()
    lab.finished(want, 180)
    lab.stop(frozen)
    repeats = lab.repeats(want)
    assert set(ends) == {71}
    print(f"seed {SEED}: {len(ends)} frozen, {lab.out()} out, 0 lost, {repeats} repeats, which readers drop")


def test_cores_with_random_bugs_heal_by_starting_again(lab: Lab) -> None:
    rng = random.Random(SEED)
    raw = camera(rng, 6 + 3 * MOVES)
    env = {"TOY_INSTANCE": "one", "TOY_BUGS": "0.004"}
    exits = 0
    worker: subprocess.Popen[bytes] = lab.start(**env)
    with lab.load(raw, PER_S) as load:
        while load.is_alive():
            if worker.poll() is not None:
                assert worker.returncode == 70
                exits += 1
                worker = lab.start(**env)
            time.sleep(0.05)
    if worker.poll() is None:
        worker.kill()
        worker.wait(20)
    worker = lab.start(TOY_INSTANCE="one")
    want, _ = lab.offline()
    lab.finished(want, 180)
    lab.stop(worker)
    lab.assert_equal(want)
    assert exits > 0, "no bug came: raise their share"
    print(f"{exits} exits by random bugs, {len(raw)} records in, {lab.out()} out, 0 lost, 0 doubled")
