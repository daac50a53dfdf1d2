"""The whole route as a user starts it: a clip in, highlights, rows and clips out, twice."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import pytest

from tests.route.played import Played, demo
from topics.catalog import CATALOG

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.store, pytest.mark.media, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def truth(testdata: Path) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((testdata / "video/stream_shared.highlights.json").read_text())
    return found


def test_every_frame_is_there_and_every_topic_has_a_row_for_every_record(played: Played) -> None:
    summary = played.summary
    for noun in ("frames", "detections", "faces", "tracks", "emotions"):
        assert summary["records"][noun] == 951, noun
    assert summary["rows"] == summary["records"]
    assert set(summary["rows"]) == {t.noun for t in CATALOG}
    assert not any(summary["restarts"].values()), summary["restarts"]


def test_four_of_five_moments_are_hit_and_no_dull_stretch(played: Played, truth: Mapping[str, Any]) -> None:
    spans = [(h["start_us"] / 1e6, h["end_us"] / 1e6) for h in played.summary["highlights"]]
    hits = [
        any((start < m["end"] and end > m["start"]) or abs(start - m["start"]) <= 3 for start, end in spans)
        for m in truth["moments"]
    ]
    dull = [s for s in spans if any(s[0] >= d["start"] and s[1] <= d["end"] for d in truth["dull"])]
    print(f"highlights {spans}: {sum(hits)} of {len(hits)} moments, {len(dull)} dull")
    assert sum(hits) >= 4
    assert not dull


def test_every_highlight_has_a_clip_that_plays(played: Played) -> None:
    summary = played.summary
    assert summary["highlights"]
    assert [c["highlight_id"] for c in summary["clips"]] == [h["id"] for h in summary["highlights"]]
    for clip in summary["clips"]:
        assert clip["status"] == "ok"
        assert Path(clip["path"]).stat().st_size == clip["bytes"]
        with av.open(clip["path"]) as media:
            assert sum(1 for _ in media.decode(video=0)) > 0


def test_the_same_file_again_adds_nothing(played: Played, testdata: Path) -> None:
    again = demo(played.data, testdata / "video/stream_shared.mp4", testdata / "models")
    for part in ("records", "rows", "highlights", "clips", "digests"):
        assert again[part] == played.summary[part], part
