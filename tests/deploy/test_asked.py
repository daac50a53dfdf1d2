"""What live ran with when it said what is compared, from what was written down and when."""

from connectors.diff.findings import Session
from connectors.diff.survey import Survey, Told
from connectors.runs.live import Held, Setting
from connectors.runs.record import Used
from deploy.asked import Side, apart, live, told


def held(since_ms: int, score: float, station: str = "detections") -> Held:
    setting = Setting(station=station, profile="cpu", config={"min_score": score}, model=Used(), build="b")
    return Held(setting=setting, since_ms=since_ms, key=f"{station}{since_ms}")


def survey(*spans: tuple[int, int], noun: str = "detections") -> Survey:
    """Sessions that live spoke of between these times of the log."""
    return {Session("door", str(n)): {noun: Told(from_ms=a, until_ms=b)} for n, (a, b) in enumerate(spans)}


def scores(side: Side) -> object:
    return side.config.get("detections", {}).get("min_score")


def test_where_nothing_was_written_down_nothing_is_claimed() -> None:
    assert live({}, survey((5, 9))) == Side()
    later = {"detections": (held(10, 0.3),)}
    assert live(later, survey((5, 9))) == Side()
    assert apart(Side(), live(later, survey((10, 11)))) == []
    assert "was not written down" in told(None)


def test_what_held_then_counts_and_not_what_holds_now() -> None:
    changes = {"detections": (held(1, 0.2), held(20, 0.3))}
    side = live(changes, survey((5, 9), (12, 19)))
    assert (scores(side), side.notes) == (0.2, ())
    assert scores(live(changes, survey((20, 20)))) == 0.3


def test_a_change_between_two_sessions_or_within_one_is_told() -> None:
    changes = {"detections": (held(1, 0.2), held(20, 0.3), held(30, 0.4))}
    for spans in (((5, 9), (25, 29)), ((5, 25),)):
        side = live(changes, survey(*spans))
        assert scores(side) == 0.3
        assert side.notes == ("live: settings of detections changed in between; told are the last",)


def test_what_was_said_before_anything_was_written_down_is_told() -> None:
    side = live({"detections": (held(7, 0.2),)}, survey((5, 9)))
    assert scores(side) == 0.2
    assert side.notes == ("live: what detections ran with was not written down for all of it",)


def test_a_station_that_was_not_surveyed_is_taken_by_the_time_of_what_was() -> None:
    changes = {"detections": (held(1, 0.2),), "tracks": (held(1, 0.6, "tracks"), held(50, 0.7, "tracks"))}
    side = live(changes, survey((5, 9)))
    assert side.config["tracks"] == {"min_score": 0.6}
    assert side.plan is not None
    assert side.plan["stations"] == ["detections", "tracks"]


def test_settings_apart_are_told_of_stations_that_both_ran() -> None:
    one = live({"detections": (held(1, 0.2),), "tracks": (held(1, 0.6, "tracks"),)}, survey((5, 9)))
    other = live({"detections": (held(1, 0.5),)}, survey((5, 9)))
    assert apart(one, other) == [{"path": "detections.min_score", "a": 0.2, "b": 0.5}]
    assert apart(one, one) == []
