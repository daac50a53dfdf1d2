"""What the API tells of a stream that lies in a real log and a real store."""

import time

import pytest

from schemas.records import Frame
from tests.api.conftest import Told
from tests.story import FPS, S, picture

pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network]


def test_a_stream_is_listed_with_its_session_state_and_watermarks(told: Told) -> None:
    (stream,) = told.get("/api/streams")
    (session,) = stream["sessions"]
    assert (stream["stream_id"], stream["live"]) == ("stage", False)
    assert (session["kind"], session["state"]) == ("file", "ended")
    assert (session["first_us"], session["last_us"]) == (0, 40 * S)
    assert session["frames"] == 38 * FPS
    assert (session["width_px"], session["height_px"]) == (320, 180)
    assert session["watermarks"]["tracks"] == 40 * S
    assert session["behind_us"] == 0


def test_records_come_by_time_without_end_marks_and_media_as_sizes(told: Told) -> None:
    records = told.get("/api/records/tracks", stream="stage", from_us=5 * S, to_us=6 * S)
    assert [r["pts_us"] for r in records] == [5 * S + n * S // FPS for n in range(FPS)]
    assert records[0]["tracks"][0]["label"] == "person"
    assert records[0]["frame"]["topic"].endswith(".frames")
    frames = told.get("/api/records/frames", stream="stage", limit=3)
    assert [f["seq"] for f in frames] == [0, 1, 2]
    assert frames[0]["image_bytes"] == len(picture(0))
    assert told.get("/api/records/speech", stream="nobody") == []
    assert told.get("/api/records/speech", stream="stage", run="other") == []
    assert len(told.get("/api/records/speech", stream="stage")) == 4


def test_one_record_is_found_by_its_id(told: Told) -> None:
    (record,) = told.get("/api/records/highlights", id=told.highlights[1].id)
    assert record["title"] == told.highlights[1].title


def test_lanes_hold_everything_the_stream_says_and_bridge_no_hole(told: Told) -> None:
    lanes = told.get(
        "/api/lanes", stream="stage", session=told.story.session_id, from_us=0, to_us=40 * S, width_px=1000
    )
    persons = {p["label"]: [] for p in lanes["persons"]}  # type: dict[str, list[tuple[int, int]]]
    for p in lanes["persons"]:
        persons[p["label"]].append((p["start_us"], p["end_us"]))
    assert persons["person #2"] == [(15 * S, 25 * S)]
    assert persons["dog #3"] == [(18 * S, 20 * S)]
    assert persons["person #1"] == [(5 * S, 29 * S), (31 * S, 40 * S)]
    assert [e["label"] for e in lanes["emotions"]] == ["neutral", "happiness", "surprise", "surprise", "sadness"]
    assert [s["label"] for s in lanes["speech"]] == ["A", "B", "A", "B"]
    assert "pleasure" in {w["text"] for w in lanes["words"]}
    assert (0, 8 * S) in {(s["start_us"], s["end_us"]) for s in lanes["silence"]}
    assert {s["label"]: (s["start_us"], s["end_us"]) for s in lanes["sounds"]}["Applause"] == (24 * S, 28 * S)
    assert min(v["low"] for v in lanes["loudness"]) == -78
    assert [h["text"] for h in lanes["highlights"]] == [h.title for h in told.highlights]
    assert [h["id"] for h in lanes["highlights"]] == [h.id for h in told.highlights]
    assert [(m["label"], m["start_us"], m["end_us"]) for m in lanes["log"]] == [
        ("started", 0, 0), ("gap", 29 * S, 31 * S), ("ended", 40 * S, 40 * S)
    ]  # fmt: skip
    assert {w["noun"]: w["ended"] for w in lanes["watermarks"]}["sounds"] is True
    assert lanes["binned"] == []


def test_a_silence_that_began_before_the_view_is_as_long_as_it_is(told: Told) -> None:
    lanes = told.get("/api/lanes", stream="stage", session=told.story.session_id, from_us=6 * S, to_us=9 * S)
    assert (lanes["silence"][0]["start_us"], lanes["silence"][0]["end_us"]) == (0, 8 * S)


def test_lanes_never_have_more_marks_than_pixels(told: Told) -> None:
    day = 86_400 * S
    lanes = told.get(
        "/api/lanes", stream="stage", session=told.story.session_id, from_us=0, to_us=day, width_px=200
    )
    for name in (
        "persons",
        "emotions",
        "valence",
        "loudness",
        "silence",
        "sounds",
        "events",
        "highlights",
        "frames",
    ):
        assert len(lanes[name]) <= 200, name
    assert lanes["words"] == []
    assert {"words", "events", "highlights"} <= set(lanes["binned"])
    assert lanes["highlights"][0]["count"] == 3
    assert lanes["highlights"][0]["score"] == pytest.approx(0.93, abs=1e-3)


def test_an_unknown_stream_has_empty_lanes(told: Told) -> None:
    lanes = told.get("/api/lanes", stream="nobody", session="none", from_us=0, to_us=S)
    assert not any(lanes[name] for name in ("persons", "speech", "loudness", "highlights", "frames", "log"))


def test_highlights_come_with_reasons_frame_and_clip_and_can_be_searched(told: Told) -> None:
    rows = told.get("/api/highlights")
    assert {r["id"] for r in rows} == {h.id for h in told.highlights}
    best = max(rows, key=lambda r: r["score"])
    assert [r["kind"] for r in best["reasons"]] == ["loud_sound", "crowd"]
    assert best["frame"]["offset"] >= 0
    assert best["clip"] == f"/api/clips/{best['id']}.mp4"
    assert [r["title"] for r in told.get("/api/highlights", text="applause")] == ["Applause and a happy face"]
    assert [r["title"] for r in told.get("/api/highlights", text="SPEECH_after")] == [told.highlights[1].title]
    assert told.get("/api/highlights", text="'; DROP TABLE x") == []
    assert [c["missing"] for c in told.get("/api/clips", stream="stage")] == ["", "its first 1.50 s have expired"]


def test_what_a_clip_lacks_is_said_and_why_there_is_none(told: Told) -> None:
    rows = {r["id"]: r for r in told.get("/api/highlights", stream="stage")}
    first, second, third = (rows[h.id] for h in told.highlights)
    assert (first["clip"], first["clip_missing"]) == (
        f"/api/clips/{first['id']}.mp4", "its first 1.50 s have expired"
    )  # fmt: skip
    assert (second["clip"], second["poster"], second["clip_missing"]) == (None, None, "no packets")
    assert (third["clip"] is not None, third["clip_missing"]) == (True, "")


def test_a_clip_is_served_whole_in_ranges_and_not_again_to_who_has_it(told: Told) -> None:
    clip = told.get("/api/clips")[0]
    whole = told.client.get(clip["clip"])
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert len(whole.content) == clip["bytes"]
    part = told.client.get(clip["clip"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{clip['bytes']}"
    tail = told.client.get(clip["clip"], headers={"Range": "bytes=-5"})
    assert tail.content == whole.content[-5:]
    assert told.client.get(clip["clip"], headers={"Range": "bytes=999999999-"}).status_code == 416
    again = told.client.get(clip["clip"], headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = told.client.head(clip["clip"])
    assert (head.status_code, int(head.headers["content-length"])) == (200, clip["bytes"])
    poster = told.client.get(clip["poster"])
    assert (poster.headers["content-type"], poster.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert "attachment" in told.client.get(clip["clip"], params={"download": True}).headers["content-disposition"]
    assert told.client.get("/api/clips/nothing.mp4").status_code == 404


def test_a_clip_that_was_deleted_from_the_store_is_a_404_that_says_so(told: Told) -> None:
    clip = told.get("/api/clips")[-1]
    path = told.objects / f"clips/stage/{clip['highlight_id']}.jpg"
    kept = path.read_bytes()
    path.unlink()
    answer = told.client.get(clip["poster"])
    path.write_bytes(kept)
    assert (answer.status_code, "deleted" in answer.json()["do"]) == (404, True)


def test_a_frame_is_found_by_its_place_and_by_its_time(told: Told) -> None:
    frames = told.get("/api/records/frames", stream="stage", from_us=7 * S, to_us=8 * S)
    for place in (frames[3], frames[4], frames[0], frames[3]):
        answer = told.client.get(f"/api/frames/{place['topic']}/{place['partition']}/{place['offset']}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.content == picture(place["pts_us"])
    near = told.client.get(
        "/api/frame", params={"stream": "stage", "session": told.story.session_id, "pts_us": 7 * S + 44_000}
    )
    assert near.headers["x-frame-pts-us"] == str(7 * S)
    assert near.content == picture(7 * S)


@pytest.mark.parametrize(
    ("path", "status"),
    [("{frames}/0/99999999", 404), ("{frames}/77/0", 404), ("{tracks}/0/0", 404), ("__consumer_offsets/0/0", 404),
     ("{frames}/0/-5", 404), ("{frames}/x/0", 422)],
)  # fmt: skip
def test_only_frames_that_are_there_are_shown(told: Told, path: str, status: int) -> None:
    prefix = told.teller.connection.names.prefix
    url = "/api/frames/" + path.format(frames=f"{prefix}.frames", tracks=f"{prefix}.tracks")
    assert told.client.get(url).status_code == status


def test_the_end_mark_of_a_session_is_no_picture(told: Told) -> None:
    sql = f"SELECT partition, offset FROM {told.teller.database}_log.frames WHERE end"
    ((partition, offset),) = told.teller.store.query(sql).result_rows
    topic = f"{told.teller.connection.names.prefix}.frames"
    answer = told.client.get(f"/api/frames/{topic}/{partition}/{offset}")
    assert (answer.status_code, "end mark" in answer.json()["detail"]) == (404, True)


def test_sql_answers_with_columns_and_rows_and_says_when_it_cut(told: Told) -> None:
    def ask(query: str, limit: int = 100) -> dict[str, object]:
        answer = told.client.post("/api/sql", json={"query": query, "limit": limit})
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    answer = ask("SELECT label, count() AS n FROM tracked GROUP BY label ORDER BY n DESC")
    assert answer["columns"] == [
        {"name": "label", "type": "LowCardinality(String)"},
        {"name": "n", "type": "UInt64"},
    ]
    assert answer["rows"] == [["person", 430], ["dog", 20]]
    cut = ask("SELECT number FROM numbers(1000)", limit=3)
    assert (cut["rows"], cut["cut"]) == ([[0], [1], [2]], True)
    assert ask("SELECT max(tuple(1, 'a')) AS t, [1, 2] AS list, NULL AS nothing")["rows"]


def test_sql_as_of_a_time_answers_as_that_run_was_then(told: Told) -> None:
    def ask(**asked: str) -> tuple[int, object]:
        answer = told.client.post("/api/sql", json={"query": "SELECT count() FROM tracked", **asked})
        return answer.status_code, answer.json().get("rows", answer.json().get("detail"))

    assert ask() == ask(run="live") == ask(as_of="2100-01-01") == (200, [[450]])
    assert ask(run="nobody") == ask(as_of="-400000d") == (200, [[0]])
    status, why = ask(as_of="yesterday")
    assert (status, "-10m" in str(why)) == (422, True)
    status, why = ask(query=f"SELECT 1 FROM {told.teller.database}_log.tracks", run="live")
    assert (status, "only the views" in str(why)) == (403, True)


def test_a_query_that_fails_or_takes_too_much_is_a_400_in_clickhouses_words(told: Told) -> None:
    wrong = told.client.post("/api/sql", json={"query": "SELECT nothing FROM tracks"})
    assert (wrong.status_code, "nothing" in wrong.json()["detail"]) == (400, True)
    much = "SELECT materialize(repeat('x', 1000000)) FROM numbers(65536)"  # 61 GB in one piece: refused at once
    greedy = told.client.post("/api/sql", json={"query": much})
    assert (greedy.status_code, "memory" in greedy.json()["detail"].lower()) == (400, True), greedy.json()
    assert told.get("/api/streams")


def test_topics_tell_records_retention_and_the_last_record(told: Told) -> None:
    prefix = told.teller.connection.names.prefix
    topics = {t["name"]: t for t in told.get("/api/topics")}
    assert topics[f"{prefix}.frames"]["records"] == 38 * FPS + 1
    assert topics[f"{prefix}.frames"]["retention_ms"] == 6 * 3_600_000
    assert topics[f"{prefix}.frames"]["kind"] == "raw"
    assert topics[f"{prefix}.tracks.dlq"]["kind"] == "dlq"
    last = told.get(f"/api/topics/{prefix}.speech/last")
    assert last["record"]["end"] is True
    assert last["key"] == "stage"
    assert told.get(f"/api/topics/{prefix}.packets/last") is None
    assert told.client.get("/api/topics/__consumer_offsets/last").status_code == 404


def test_the_route_is_a_graph_from_raw_topics_to_clips(told: Told) -> None:
    route = told.get("/api/route")
    assert {n["name"] for n in route["nodes"]} >= {"detections", "fused", "highlights", "clips"}
    assert {(e["noun"], e["to"]) for e in route["edges"]} >= {("frames", "detections"), ("highlights", "clips")}


def test_what_is_said_is_pushed_at_once_and_what_was_said_before_as_the_present_state(told: Told) -> None:
    story = told.story
    with told.client.websocket_connect("/api/live?stream=stage") as socket:
        now = {m["noun"]: m for m in socket.receive_json(mode="binary")}
        assert now["tracks"]["type"] == "state"
        late = [h for h in told.highlights if h.seq == 0]
        told.teller.say("highlights", late, store=False)
        told.teller.say("frames", [Frame(**story.common("frames", 10_000, 0))], store=False)
        began = time.monotonic()
        heard: list[dict[str, object]] = []
        while not any(m["type"] == "highlight" for m in heard):
            heard += socket.receive_json(mode="binary")
            assert time.monotonic() - began < 20
    (highlight,) = [m for m in heard if m["type"] == "highlight"]
    assert highlight["record"]["title"] == late[0].title  # type: ignore[index]
    assert not any(m["noun"] == "frames" for m in heard)
