"""Why, asked of the API over a real log and store: the chain, what is missing, and what was heard."""

import io
import wave
from typing import Any

import numpy as np
import pytest

from schemas.identity import record_id
from tests.api.conftest import Told
from tests.story import FPS, S, tone

pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network]


def samples(answer: Any) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def test_an_unknown_id_is_a_404_in_one_line(told: Told) -> None:
    for nothing in ("nothing", "00000000-0000-0000-0000-000000000000", "a' OR 1"):
        answer = told.client.get(f"/api/why/{nothing}")
        assert (answer.status_code, "no record" in answer.json()["detail"]) == (404, True)
    assert told.client.get(f"/api/why/{told.highlights[0].id}", params={"run": "x'y"}).status_code == 404


def test_a_highlight_stands_on_windows_records_and_raw_places_and_all_of_them_are_in_the_log(told: Told) -> None:
    why = told.get(f"/api/why/{told.highlights[2].id}")
    nodes = {n["key"]: n for n in why["nodes"]}
    assert why["missing"] == 0
    assert {n["state"] for n in why["nodes"]} == {"log", "there"}
    by_noun: dict[str, int] = {}
    for node in why["nodes"]:
        by_noun[node["noun"]] = by_noun.get(node["noun"], 0) + 1
    assert by_noun["fused"] == 4
    assert by_noun["tracks"] == by_noun["detections"] == by_noun["emotions"] == by_noun["faces"] == 4 * FPS
    assert by_noun["sounds"] == by_noun["audio"] == 8
    assert by_noun["events"] == 1
    assert all(key in nodes for node in why["nodes"] for key in node["stands_on"])
    raw = [n for n in why["nodes"] if n["raw"]]
    assert {n["noun"] for n in raw} == {"frames", "audio"}
    assert all(n["offset"] >= 0 for n in raw)
    assert (why["frame"]["topic"], why["stream_id"]) == (raw[0]["topic"].rpartition(".")[0] + ".frames", "stage")
    assert {m["words"] for m in why["marks"]} == {"person #1", "happiness"}


def test_an_event_and_any_derived_record_have_a_chain_of_their_own(told: Told) -> None:
    story = told.story
    for noun, below in (
        ("events", "fused"),
        ("speech", "utterances"),
        ("sounds", "audio"),
        ("detections", "frames"),
    ):
        why = told.get(f"/api/why/{record_id(noun, story.stream_id, story.session_id, 1)}")
        assert why["root"].startswith(f"{noun}:")
        assert below in {n["noun"] for n in why["nodes"]}
        assert why["missing"] == 0


def test_a_record_that_the_log_never_had_comes_from_the_store_and_says_so(told: Told) -> None:
    extra = told.story.highlights([])[0]
    lost = type(extra)(**{**told.story.common("highlights", 900, 0), "title": "Lost", "event_ids": ("f" * 36,)})
    told.teller.say("highlights", [lost], log=False)
    why = told.get(f"/api/why/{lost.id}")
    root, gone = why["nodes"]
    assert root["state"] in {"store", "log"}
    assert root["why"]
    assert (gone["noun"], gone["state"], why["missing"]) == ("events", "missing", 1)


def test_the_sound_of_a_stretch_is_that_of_the_log_and_silent_where_there_was_none(told: Told) -> None:
    ask: dict[str, Any] = {"stream": "stage", "session": told.story.session_id}
    answer = told.client.get("/api/sound", params={**ask, "from_us": 24 * S, "to_us": 26 * S})
    wanted = b"".join(tone(us) for us in range(24 * S, 26 * S, S // 2))
    assert samples(answer).tobytes() == wanted
    within = told.client.get("/api/sound", params={**ask, "from_us": 24 * S + 250_000, "to_us": 25 * S})
    assert samples(within).tobytes() == wanted[8000:32000]
    gap = samples(told.client.get("/api/sound", params={**ask, "from_us": 28 * S, "to_us": 32 * S}))
    assert not gap[S // 1000 * 16 : 3 * 16_000].any()


def test_sound_is_given_in_ranges_is_bounded_and_not_sent_twice(told: Told) -> None:
    ask: dict[str, Any] = {"stream": "stage", "session": told.story.session_id, "from_us": 8 * S, "to_us": 10 * S}
    whole = told.client.get("/api/sound", params=ask)
    part = told.client.get("/api/sound", params=ask, headers={"Range": "bytes=44-143"})
    assert (part.status_code, part.content) == (206, whole.content[44:144])
    assert part.headers["content-range"] == f"bytes 44-143/{len(whole.content)}"
    again = told.client.get("/api/sound", params=ask, headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304
    assert told.client.get("/api/sound", params=ask, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert told.client.get("/api/sound", params=ask | {"to_us": 200 * S}).status_code == 422
    assert told.client.get("/api/sound", params=ask | {"to_us": 8 * S}).status_code == 422
    assert told.client.get("/api/sound", params=ask | {"from_us": 100 * S, "to_us": 101 * S}).status_code == 404


def test_the_sound_at_a_place_of_the_log_is_that_records(told: Told) -> None:
    row = told.get("/api/records/audio", stream="stage", from_us=24 * S, to_us=25 * S)[0]
    at = f"/api/sound/{row['topic']}/{row['partition']}/{row['offset']}"
    answer = told.client.get(at, params={"session": told.story.session_id})
    assert samples(answer).tobytes() == tone(24 * S)
    two = told.client.get(at, params={"session": told.story.session_id, "last": row["offset"] + 1})
    assert samples(two).tobytes() == tone(24 * S) + tone(24 * S + S // 2)
    assert told.client.get(at, params={"session": "another"}).status_code == 410
    assert told.client.get(at.replace(".audio", ".frames"), params={"session": "x"}).status_code == 404
