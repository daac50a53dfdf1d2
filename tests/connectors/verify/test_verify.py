"""Every check has a log on which it fails, made by spoiling one thing in a log on which nothing does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.objects import FolderStore
from connectors.verify import CHECKS, Report, verify_log
from processors.offline import decode_local, encode_local
from schemas.identity import record_id
from schemas.records import Model, Ref
from tests.connectors.verify.memory import MemoryLog, played, scene
from topics import catalog as c


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(tmp_path_factory.mktemp("objects"))


@pytest.fixture(scope="module")
def clean(objects: FolderStore) -> MemoryLog:
    """Two streams, in one of which a picture is none: it was rejected and is in the dead letters."""
    return played([*scene("door"), *scene("yard", bad=33)], objects)


@pytest.fixture
def log(clean: MemoryLog) -> MemoryLog:
    return clean.copy()


@pytest.fixture
def found(log: MemoryLog, objects: FolderStore) -> Callable[..., Report]:
    return lambda **how: verify_log(log, decode_local, objects=objects, **how)


def only(report: Report, *checks: str) -> None:
    """The report has faults of these checks and of no other."""
    assert set(report.faulty) == set(checks), str(report)
    assert all(f.place and f.text and f.look for f in report.faults)


def test_an_empty_log_has_nothing_wrong_with_it() -> None:
    report = verify_log(MemoryLog(), decode_local)
    assert report.ok
    assert not report.told
    assert not sum(report.counted.values())
    assert set(report.skipped) == {"rows", "clips"}


def test_what_the_stations_write_is_all_true(found: Callable[..., Report]) -> None:
    report = found()
    assert report.ok, str(report)
    assert not report.told
    nothing = {name for name in CHECKS if not report.counted[name]}
    assert nothing == {"rows", "repeats"}, report.counted
    assert "0 faults" in str(report)


def test_one_stream_alone_is_looked_at_where_one_is_asked_for(
    log: MemoryLog, found: Callable[..., Report]
) -> None:
    log.change("tracks", 3, id="another")
    assert log.record("tracks", 3).stream_id == "door"
    assert not found().ok
    assert found(stream="yard").ok
    assert set(found(stream="yard").records) <= set(c.BY_NOUN)


def spoil_form(log: MemoryLog) -> None:
    log.of("fused")[2] = replace(log.of("fused")[2], value=b"\0\0\0\0\x63junk")


def spoil_key(log: MemoryLog) -> None:
    log.of("tracks")[5] = replace(log.of("tracks")[5], key=b"another")


def spoil_seq(log: MemoryLog) -> None:
    """Of a Fold, the last before the end mark of the first session, which nobody names."""
    at = log.find("streams", lambda r: r.kind == "ended")
    log.drop("streams", at)


def spoil_time(log: MemoryLog) -> None:
    log.change("sounds", 4, pts_us=0, watermark_us=0)


def spoil_watermark(log: MemoryLog) -> None:
    log.change("sounds", 4, watermark_us=log.record("sounds", 3).watermark_us - 1)


def spoil_end(log: MemoryLog) -> None:
    at = log.find("events", lambda r: r.end)
    log.change("events", at, text="one more thing")


def spoil_behind_end(log: MemoryLog) -> None:
    """A second end mark, at the next seq."""
    at = log.find("streams", lambda r: r.end)
    message, record = log.of("streams")[at], log.record("streams", at)
    seq = record.seq + 1
    more = replace(record, seq=seq, id=record_id("streams", record.stream_id, record.session_id, seq))
    headers = [(k, more.id.encode() if k == "ce_id" else v) for k, v in message.headers]
    log.write(message.topic, message.key, encode_local(more), headers)


def spoil_id(log: MemoryLog) -> None:
    at = len(log.of("clips")) - 2  # no record names a clip
    wrong = "00000000-0000-5000-8000-000000000000"
    log.change("clips", at, id=wrong)
    message = log.of("clips")[at]
    log.of("clips")[at] = replace(
        message, headers=[(k, wrong.encode() if k == "ce_id" else v) for k, v in message.headers]
    )


def spoil_model(log: MemoryLog) -> None:
    log.change("faces", 2, model=Model())


def spoil_reason(log: MemoryLog) -> None:
    log.change("faces", log.find("faces", lambda r: r.status == "rejected"), reason="")


def spoil_reason_of_ok(log: MemoryLog) -> None:
    log.change("faces", 2, reason="for fun")


def spoil_header(log: MemoryLog) -> None:
    message = log.of("fused")[1]
    log.of("fused")[1] = replace(message, headers=[h for h in message.headers if h[0] != "ce_subject"])


def input_said(log: MemoryLog, noun: str, at: int, place: bytes) -> None:
    message = log.of(noun)[at]
    headers = [(k, place if k == "framelog.in" else v) for k, v in message.headers]
    log.of(noun)[at] = replace(message, headers=headers)


def spoil_input(log: MemoryLog) -> None:
    input_said(log, "detections", 4, b"framelog.frames:5")


def spoil_input_session(log: MemoryLog) -> None:
    input_said(log, "tracks", 4, b"framelog.detections:%d" % (len(log.of("detections")) - 3))


def spoil_input_topic(log: MemoryLog) -> None:
    input_said(log, "tracks", 4, b"framelog.frames:4")


def spoil_repeats(log: MemoryLog) -> None:
    message = log.of("sounds")[3]
    log.write(message.topic, message.key, message.value, message.headers)
    log.change("sounds", len(log.of("sounds")) - 1, loudness_db=-1.0)


def spoil_answers(log: MemoryLog) -> None:
    """The cutter's, which nobody names."""
    log.drop("clips", 0)


def spoil_question(log: MemoryLog) -> None:
    """Its question goes, the answer stays."""
    log.drop("highlights", 0)


def spoil_ends(log: MemoryLog) -> None:
    log.drop("streams", len(log.of("streams")) - 1)


def spoil_announced(log: MemoryLog) -> None:
    """A frame comes again, and streams had said nothing of it."""
    message = log.of("frames")[3]
    log.write(message.topic, message.key, message.value)


def spoil_letters(log: MemoryLog) -> None:
    dlq = log.names.dlq(c.FRAMES)
    del log.messages[dlq][0]


def spoil_letter_bytes(log: MemoryLog) -> None:
    dlq = log.names.dlq(c.FRAMES)
    log.messages[dlq][0] = replace(log.messages[dlq][0], value=b"none!")


def spoil_letter_headers(log: MemoryLog) -> None:
    message = log.messages[log.names.dlq(c.FRAMES)][0]
    log.write(log.names.dlq(c.AUDIO), message.key, message.value, ())


def spoil_unburied(log: MemoryLog) -> None:
    """A message that nobody can use, which all stations have passed, and no letter."""
    log.write(log.names.topic(c.AUDIO), b"door", b"junk")


def spoil_raw_reference(log: MemoryLog) -> None:
    log.change("detections", 6, frame=Ref(topic="framelog.frames", partition=0, offset=99_999))


def spoil_raw_reference_time(log: MemoryLog) -> None:
    log.change("detections", 6, frame=Ref(topic="framelog.frames", partition=0, offset=7))


def spoil_raw_reference_topic(log: MemoryLog) -> None:
    log.change("detections", 6, frame=Ref(topic="framelog.pictures", partition=0, offset=6))


def spoil_raw_reference_session(log: MemoryLog) -> None:
    log.change(
        "detections", 6, frame=Ref(topic="framelog.frames", partition=0, offset=len(log.of("frames")) // 2 + 6)
    )


def spoil_position(log: MemoryLog) -> None:
    at = log.find("streams", lambda r: r.kind == "started")
    first, *rest = log.record("streams", at).positions
    log.change("streams", at, positions=(replace(first, seq=first.seq + 1), *rest))


def spoil_derived_reference(log: MemoryLog) -> None:
    log.change("tracks", 2, detections_id=log.record("detections", len(log.of("detections")) - 2).id)


def spoil_hole(log: MemoryLog) -> None:
    """A hole that nothing explains, and that streams said nothing of."""
    log.drop("packets", 4)


SPOILED: dict[str, tuple[Callable[[MemoryLog], None], tuple[str, ...]]] = {
    "bytes that are no record": (spoil_form, ("form", "seq", "headers", "derived references")),
    "another key": (spoil_key, ("key", "seq", "derived references")),
    "a hole in a Fold's seq": (spoil_seq, ("seq",)),
    "time that falls": (spoil_time, ("time",)),
    "a watermark that falls": (spoil_watermark, ("time",)),
    "an end mark that carries something": (spoil_end, ("end",)),
    "a second end mark": (spoil_behind_end, ("end",)),
    "another id": (spoil_id, ("id",)),
    "no model": (spoil_model, ("status",)),
    "rejected without a reason": (spoil_reason, ("status",)),
    "a reason without need": (spoil_reason_of_ok, ("status",)),
    "a header that is missing": (spoil_header, ("headers",)),
    "another input": (spoil_input, ("headers",)),
    "another session's input": (spoil_input_session, ("headers",)),
    "an input that the station does not read": (spoil_input_topic, ("headers",)),
    "a repeat with other bytes": (spoil_repeats, ("repeats",)),
    "an input without an answer": (spoil_answers, ("answers",)),
    "an answer without an input": (spoil_question, ("answers", "headers", "seq", "derived references")),
    "a session that does not end": (spoil_ends, ("ends",)),
    "a letter that is missing": (spoil_letters, ("letters",)),
    "a letter with other bytes": (spoil_letter_bytes, ("letters",)),
    "a letter that says not whose it is": (spoil_letter_headers, ("letters",)),
    "a useless message without a letter": (spoil_unburied, ("letters",)),
    "a place where nothing lies": (spoil_raw_reference, ("raw references",)),
    "a place at another time": (spoil_raw_reference_time, ("raw references",)),
    "a place in another topic": (spoil_raw_reference_topic, ("raw references",)),
    "a place in another session": (spoil_raw_reference_session, ("raw references",)),
    "a position with another seq": (spoil_position, ("raw references",)),
    "an id of another session": (spoil_derived_reference, ("derived references",)),
    "a raw record that is missing": (spoil_hole, ("seq", "announced")),
    "a repeat that nobody told of": (spoil_announced, ("announced",)),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_breach_is_found_and_nothing_else(name: str, log: MemoryLog, found: Callable[..., Report]) -> None:
    spoil, checks = SPOILED[name]
    spoil(log)
    report = found()
    print(report)
    only(report, *checks)


def test_clips_are_held_to_their_objects(log: MemoryLog, tmp_path: Path) -> None:
    other = FolderStore(tmp_path)
    only(verify_log(log, decode_local, objects=other), "clips")
    clips = [r for at in range(len(log.of("clips"))) if not (r := log.record("clips", at)).end]
    for clip in clips:
        other.put(clip.key, b"y" * clip.bytes, "video/mp4")
    report = verify_log(log, decode_local, objects=other)
    only(report, "clips")
    assert "sha256" in report.faults[0].text
    other.replace(clips[0].key, b"short", "video/mp4")
    assert any("5 bytes" in f.text for f in verify_log(log, decode_local, objects=other).faults)
    log.change("clips", log.find("clips", lambda r: not r.end), key="../etc/passwd")
    assert any("is no key" in f.text for f in verify_log(log, decode_local, objects=other).faults)


def test_what_is_not_written_yet_is_behind_and_no_fault(log: MemoryLog, found: Callable[..., Report]) -> None:
    """The cutter has stopped before the last highlights, streams before the last session's end."""
    for _ in range(2):
        log.drop("clips", len(log.of("clips")) - 1)
    log.drop("streams", len(log.of("streams")) - 1)
    only(found(), "answers", "ends")
    log.late["clips", "framelog.highlights", 0] = log.of("highlights")[-2].offset
    log.late["streams", "framelog.frames", 0] = log.of("frames")[-1].offset
    report = found()
    assert report.ok, str(report)
    assert report.told["behind"] == 4  # two clips, and two sessions' ends


def test_what_retention_removed_is_gone_and_no_fault(log: MemoryLog, found: Callable[..., Report]) -> None:
    log.low["framelog.frames"] = 60
    report = found()
    assert report.ok, str(report)
    assert report.told["gone"] >= 60
    log.low["framelog.detections"] = 60
    assert found().ok, str(found())


def test_poison_that_is_in_the_dead_letters_is_told_and_no_fault(objects: FolderStore) -> None:
    """Two frames are none: their seq is missing, streams says so, three stations bury the bytes of each."""

    def poison(log: MemoryLog) -> None:
        for at, value in ((20, b"junk"), (40, b"\0\0\0\0\x63junk")):
            log.of("frames")[at] = replace(log.of("frames")[at], value=value)

    log = played(scene("poisoned"), objects, poison)
    report = verify_log(log, decode_local, objects=objects)
    assert report.ok, str(report)
    assert report.told == {"poison": 2}
    assert len(log.messages[log.names.dlq(c.FRAMES)]) == 6


def test_doubles_with_the_same_bytes_are_told_and_no_fault(log: MemoryLog, found: Callable[..., Report]) -> None:
    message = log.of("sounds")[3]
    log.write(message.topic, message.key, message.value, message.headers)
    report = found()
    assert report.ok, str(report)
    assert report.told == {"doubles": 1}
    assert report.digests == found().digests


def test_digests_tell_whether_two_logs_say_the_same(log: MemoryLog, found: Callable[..., Report]) -> None:
    before = found().digests
    log.change("sounds", 3, loudness_db=-1.0)
    after = found().digests
    assert {n for n in before if before[n] != after[n]} == {"sounds"}
