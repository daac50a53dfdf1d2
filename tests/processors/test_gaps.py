"""What a station makes of records that were deleted before it read them."""

from processors.gaps import Forsaken, Gap
from processors.offline import decode_local, driver_of, stored
from processors.reading import Arrival, read
from schemas.codec import Undecodable
from schemas.records import Record
from tests.processors.toys import Boxes, Chain, audio, frame, packets
from topics import catalog as c
from topics.route import BY_STATION
from topics.topic import Topic

STREAMS = BY_STATION["streams"]
GAP = Gap("framelog.frames", 0, offset=9, missing=8, upto=20)


def arrivals(topic: Topic[Record], *records: Record, start: int = 0) -> list[Arrival]:
    at = STREAMS.reads.index(topic)
    return [read(at, topic, s, decode_local) for s in stored(topic, list(records), start=start)]


def test_without_a_gap_nothing_is_forsaken() -> None:
    assert not Forsaken()
    assert list(Forsaken().over(driver_of(STREAMS, Chain()), 0, c.FRAMES, 99)) == []


def test_a_session_of_which_nothing_more_came_is_ended_and_one_that_goes_on_is_not() -> None:
    driver = driver_of(STREAMS, Chain())
    for name in "ab":
        driver.feed(arrivals(c.FRAMES, frame(name, 0)))
        driver.feed(arrivals(c.AUDIO, audio(name, 0, end=True)))
        driver.feed(arrivals(c.PACKETS, packets(name, 0, end=True)))
    forsaken = Forsaken()
    forsaken.begin(driver, 0, GAP)
    forsaken.found(0, ("b", "s"))
    assert list(forsaken.over(driver, 0, c.FRAMES, 19)) == []
    assert forsaken
    (mark,) = forsaken.over(driver, 0, c.FRAMES, 20)
    assert not forsaken
    assert (mark.holds.stream_id, mark.holds.seq, mark.holds.end) == ("a", 1, True)  # type: ignore[union-attr]
    assert mark.stored.ref.offset == 9
    said = driver.feed([mark])
    assert getattr(said[-1], "record").end  # noqa: B009 (an outcome is a record or a dead letter)
    assert set(driver.unended(0)) == {("b", "s")}


def test_a_map_says_the_end_that_was_deleted() -> None:
    edge = BY_STATION["detections"]
    driver = driver_of(edge, Boxes())
    driver.feed(arrivals(c.FRAMES, frame("a", 0)))
    forsaken = Forsaken()
    forsaken.begin(driver, 0, GAP)
    (end,) = driver.feed(list(forsaken.over(driver, 0, c.FRAMES, 20)))
    assert getattr(end, "record").end  # noqa: B009
    assert list(driver.unended(0)) == []


def test_what_was_held_back_and_deleted_meanwhile_is_counted_and_the_session_still_ends() -> None:
    driver = driver_of(STREAMS, Chain())
    gone = "framelog.frames/0 was deleted before it could be used"

    def again(at: int, offset: int) -> Arrival:
        (message,) = stored(c.FRAMES, [frame("a", 0)], start=offset)
        return read(at, c.FRAMES, type(message)(message.ref, message.key, None), lambda *_: Undecodable(gone))

    driver.again, driver.memory_bytes = again, 0  # type: ignore[union-attr]
    driver.feed(arrivals(c.FRAMES, frame("a", 0), frame("a", 1), frame("a", 2, end=True, image=b"")))
    said = driver.feed(arrivals(c.AUDIO, audio("a", 0, end=True)) + arrivals(c.PACKETS, packets("a", 0, end=True)))
    assert driver.counts["lost"] == 4  # three pictures, and the end of the sound
    assert getattr(said[-1], "record").end  # noqa: B009
