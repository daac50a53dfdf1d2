"""Which sessions wait for a medium that does not come, and what that means for `status`."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.contract import Wait, waits
from deploy.health import is_healthy
from processors.guard import Guard
from processors.session import Kept
from processors.snapshots import Cut

TAKEN = (10, 5, 2)


def kept(first: tuple[int, ...], ended: tuple[bool, ...] = (False, False, False)) -> Kept:
    guards = tuple(Guard(ended=over) for over in ended)
    return Kept("cam", "s", b"", 0, 0, 0, guards, first)


WAITS: list[tuple[str, tuple[int, ...], tuple[bool, ...], tuple[int, ...], list[Wait]]] = [
    ("nothing is held", (-1, -1, -1), (False,) * 3, TAKEN, []),
    ("frames wait for both", (4, -1, -1), (False,) * 3, TAKEN, [Wait("cam", (1, 2), (0, 4))]),
    ("frames wait for sound", (4, -1, -1), (False, False, True), TAKEN, [Wait("cam", (1,), (0, 4))]),
    ("sound is there, not yet read", (4, -1, -1), (False, False, True), (10, 6, 2), []),
    ("all are held", (4, 3, 1), (False,) * 3, TAKEN, []),
]


@pytest.mark.parametrize(("first", "ended", "ends", "want"), [w[1:] for w in WAITS], ids=[w[0] for w in WAITS])
def test_a_session_waits_for_who_neither_speaks_nor_ends(
    first: tuple[int, ...], ended: tuple[bool, ...], ends: tuple[int, ...], want: list[Wait]
) -> None:
    cut = Cut(TAKEN, 0, (0, 0, 0))
    assert list(waits(cut, [kept(first, ended)], ends)) == want


def test_a_session_that_was_left_for_another_waits_for_nobody() -> None:
    left = replace(kept((4, -1, -1)), rival=(8, -1, -1))
    assert list(waits(Cut(TAKEN, 0, (0, 0, 0)), [left], TAKEN)) == []


@pytest.mark.parametrize(
    ("states", "healthy"),
    [
        ([], False),
        (["ready", "ok"], True),
        (["ready", "stalled"], False),
        (["ok", "breach", "waiting"], True),
        (["breach"], False),
    ],
)
def test_what_a_producer_does_wrong_does_not_make_the_platform_sick(states: list[str], healthy: bool) -> None:
    rows: list[dict[str, Any]] = [{"part": "x", "state": state} for state in states]
    assert is_healthy(rows) is healthy
