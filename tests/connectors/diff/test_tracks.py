"""Tracks: identities over frames."""

from collections.abc import Sequence

from schemas.records import TrackedBox, Tracks
from tests.connectors.diff.made import found, framed, measured


def followed(*ids: int | None, x: float = 0.0, label: str = "person") -> list[tuple[TrackedBox, ...]]:
    """One thing, under these ids frame by frame; None where it is not seen."""
    where = {"label": label, "score": 0.5, "x1_px": x, "y1_px": 0.0, "x2_px": x + 50, "y2_px": 90.0}
    return [() if i is None else (TrackedBox(track_id=i, **where),) for i in ids]  # type: ignore[arg-type]


def tracks(*things: Sequence[tuple[TrackedBox, ...]]) -> list[Tracks]:
    """Several things in one picture."""
    records: list[Tracks] = framed("tracks", [sum(of_frame, ()) for of_frame in zip(*things, strict=True)])
    return records


def test_other_numbers_for_the_same_things_are_no_difference() -> None:
    a = tracks(followed(1, 1, 1), followed(2, 2, 2, x=300))
    b = tracks(followed(8, 8, 8), followed(3, 3, 3, x=300))
    m = measured("tracks", a, b)
    assert (m["equal"], m["switches_a"], m["splits"]) == (2, 0, 0)


def test_a_track_that_becomes_two_is_split_and_the_longer_part_is_it() -> None:
    a, b = tracks(followed(*[1] * 10)), tracks(followed(*[1] * 6, *[2] * 4))
    m = measured("tracks", a, b)
    assert (m["matched"], m["added"], m["lost"], m["splits"], m["merges"]) == (1, 1, 0, 1, 0)
    assert (m["switches_a"], m["switches_b"]) == (1, 0)
    assert measured("tracks", b, a)["merges"] == 1


def test_identities_that_are_exchanged_are_two_switches() -> None:
    a = tracks(followed(*[1] * 10), followed(*[2] * 10, x=300))
    b = tracks(followed(*[1] * 5, *[2] * 5), followed(*[2] * 5, *[1] * 5, x=300))
    m = measured("tracks", a, b)
    assert (m["switches_a"], m["switches_b"], m["splits"], m["merges"]) == (2, 2, 2, 2)


def test_a_track_that_is_gone_is_an_example_with_the_frame_where_it_was_seen_best() -> None:
    a = tracks(followed(None, None, *[4] * 8))
    findings = found("tracks", a, tracks(followed(*[None] * 10)))
    [(_, example)] = findings.examples()
    assert (example.kind, example.at_us, example.frame) == ("lost", 200_000, a[2].frame)
    assert len(example.b) == 0
    assert example.a[0].box == (0.0, 0.0, 50.0, 90.0)


def test_a_track_that_begins_later_has_moved() -> None:
    a, b = tracks(followed(*[1] * 20)), tracks(followed(*[None] * 8, *[1] * 12))
    assert measured("tracks", a, b)["moved"] == 1
