"""What a run says of a session, and what of it two runs have in common."""

from dataclasses import replace
from typing import Any

from connectors.diff.survey import Logged, Stretch, Told, common
from schemas.records import Detections, Highlight, Model
from tests.connectors.diff.made import S, detected, found, framed, spanned


def told(records: list[Any], end_us: int | None = None) -> Told:
    """A survey of the records, and of an end mark there."""
    if end_us is not None:
        last = replace(records[-1], seq=len(records), pts_us=end_us, watermark_us=end_us, end=True)
        records = [*records, last]
    made = Told()
    for n, record in enumerate(records):
        made.take(Logged(record, 0, n, str(record).encode()))
    return made


def frames(first_s: int, last_s: int) -> list[Detections]:
    return framed("detections", [detected()] * (last_s * 10))[first_s * 10 :]


def test_a_noun_that_one_run_never_wrote_is_not_compared() -> None:
    a = {"detections": told(frames(0, 5))}
    assert common(a, {}, "detections") is None


def test_a_run_over_a_part_is_compared_over_that_part() -> None:
    marks: list[Highlight] = spanned(Highlight, [(10, 20, {}), (50, 20, {})])
    live = {"detections": told(frames(0, 20), 20 * S), "highlights": told(marks, 20 * S)}
    part = {"detections": told(frames(4, 10), 10 * S), "highlights": told(marks[1:], 10 * S)}
    assert common(live, part, "highlights") == common(part, live, "highlights") == Stretch(4 * S, 10 * S - 1)
    stretch = common(live, part, "highlights")
    assert stretch is not None
    m = found("highlights", marks, marks[1:], stretch)
    assert (m.counts["equal"], m.counts["lost"]) == (1, 0)


def test_where_a_run_was_asked_to_begin_counts_before_what_it_says() -> None:
    told_of = {"highlights": told(spanned(Highlight, [(10, 20, {})]), 20 * S)}
    assert common(told_of, told_of, "highlights", 15 * S) == Stretch(15 * S, 20 * S)


def test_the_last_frame_of_a_shorter_run_is_compared() -> None:
    a, b = told(frames(0, 20), 20 * S), told(frames(0, 5), 49 * S // 10)
    stretch = common({"detections": a}, {"detections": b}, "detections")
    assert stretch is not None
    assert stretch.holds(frames(0, 5)[-1])


def test_the_first_highlight_does_not_say_where_a_run_begins() -> None:
    marks: list[Highlight] = spanned(Highlight, [(10, 20, {}), (50, 20, {})])
    a = {"detections": told(frames(0, 20)), "highlights": told(marks, 20 * S)}
    b = {"detections": told(frames(0, 20)), "highlights": told(marks[1:], 20 * S)}
    assert common(a, b, "highlights") == Stretch(0, 20 * S)


def test_equal_records_have_equal_digests_and_their_models_are_counted() -> None:
    records = [replace(r, model=Model(name="yolo", version="1")) for r in frames(0, 1)]
    assert told(records).digest == told(list(records)).digest != told(records[1:]).digest
    assert told(records).models == {Model(name="yolo", version="1"): 10}
