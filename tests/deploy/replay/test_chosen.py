"""What a replay reads of a hold."""

from connectors.holds import Hold, Manifest
from connectors.runs.plan import Asked, stations
from deploy.replay.chosen import held_part

S = 1_000_000


def held(from_us: int | None = None, until_us: int | None = None) -> Manifest:
    hold = Hold(name="h", stream="door", session="one", from_us=from_us, until_us=until_us, ranges=())
    return Manifest(hold=hold, parts=(), held_at="")


def test_a_hold_of_a_whole_session_is_one_and_tells_how_the_stream_was() -> None:
    asked = held_part(Asked("door"), held())
    assert asked == Asked("door")
    assert "streams" in stations(asked)


def test_a_hold_of_a_part_is_a_part_and_says_nothing_of_the_whole_stream() -> None:
    asked = held_part(Asked("door"), held(70 * S, 80 * S))
    assert (asked.from_us, asked.until_us) == (70 * S, 80 * S)
    assert "streams" not in stations(asked)


def test_less_than_what_is_held_may_be_asked_for() -> None:
    asked = held_part(Asked("door", from_us=72 * S), held(70 * S, 80 * S))
    assert (asked.from_us, asked.until_us) == (72 * S, 80 * S)
