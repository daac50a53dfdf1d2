"""Two runs in a real log."""

from collections.abc import Iterator

import pytest

from connectors.diff.config import Config
from connectors.diff.log import NoSuchRun, RunLog
from connectors.diff.nouns import BY_NAME
from connectors.diff.page import html
from connectors.diff.pictures import pictures, wanted, with_frames
from connectors.diff.report import Compared, plain
from connectors.diff.report import __doc__ as report_doc
from connectors.diff.session import diff
from tests.two_runs import CANDIDATE, made_log
from topics.connection import Connection
from topics.registry import Serde

pytestmark = [pytest.mark.kafka]
NOUNS = list(BY_NAME)


@pytest.fixture(scope="module")
def log(broker: str, registry_url: str) -> Connection:
    """A log with both runs of two streams, and one run of a third."""
    return made_log(broker, registry_url, ("door", "yard", "hall"))


@pytest.fixture
def serde(log: Connection) -> Iterator[Serde]:
    with Serde(log) as made:
        yield made


def compared(log: Connection, serde: Serde, a: str, b: str, stream: str = "") -> Compared:
    with RunLog(log, serde, a) as left, RunLog(log, serde, b) as right:
        return diff(left, right, NOUNS, Config(), stream)


def test_a_run_that_is_not_there_is_told_with_those_that_are(log: Connection, serde: Serde) -> None:
    with pytest.raises(NoSuchRun, match="there is candidate, live"):
        RunLog(log, serde, "nope")


def test_what_is_known_to_differ_is_found_and_nothing_else(log: Connection, serde: Serde) -> None:
    c = compared(log, serde, "live", CANDIDATE)
    m = c.measured
    # Two streams are in both: for each the dog is gone for 20 frames, a word, a highlight lost, one changed.
    assert {k: v for k, v in m["detections"].items() if k in ("lost", "added", "changed")} == {
        "lost": 40, "added": 0, "changed": 0,
    }  # fmt: skip
    assert (m["tracks"]["lost"], m["tracks"]["equal"]) == (2, 4)
    assert (m["speech"]["substituted"], m["speech"]["edits"], m["speech"]["a"]) == (2, 2, 58)
    highlights = m["highlights"]
    assert [highlights[k] for k in ("lost", "equal", "moved", "rescored", "added")] == [2, 2, 2, 2, 0]
    assert all(m[noun]["equal"] == m[noun]["matched"] > 0 for noun in ("sounds", "fused", "events", "emotions"))
    report = plain(c, NOUNS)
    assert [note for note in report["notes"] if "hall" in note and "live only" in note]
    assert [s["in"] for s in report["sessions"]] == ["both", "a", "both"]
    assert "detections" not in report["sessions"][0]["equal_bytes"]
    model = report["models"][0]
    assert (model["same"], model["a"][0]["sha256"], model["b"][0]["version"]) == (False, "aa" * 32, "2")


def test_a_run_does_not_differ_from_itself_and_a_stream_can_be_chosen(log: Connection, serde: Serde) -> None:
    c = compared(log, serde, "live", "live", "door")
    assert c.same
    assert [s.stream_id for s in c.sessions] == ["door"]
    assert set(plain(c, NOUNS)["sessions"][0]["equal_bytes"]) >= {"detections", "speech", "highlights"}


def test_the_report_keeps_its_shape(log: Connection, serde: Serde) -> None:
    report = plain(compared(log, serde, "live", CANDIDATE), NOUNS)
    told = report_doc or ""
    assert set(report) == {
        "version",
        "a",
        "b",
        "same",
        "sessions",
        "models",
        "nouns",
        "examples",
        "timeline",
        "notes",
    }
    session, model, timeline = report["sessions"][0], report["models"][0], report["timeline"][0]
    assert set(session) == {
        "stream_id", "session_id", "in", "from_us", "until_us", "a", "b", "nouns", "equal_bytes",
    }  # fmt: skip
    assert set(model) == {"noun", "same", "a", "b"}
    assert set(timeline) == {"stream_id", "session_id", "from_us", "until_us", "bin_us", "nouns"}
    assert sum(timeline["nouns"]["detections"]) == 20
    for examples in report["examples"].values():
        for example in examples:
            assert set(example) == {
                "stream_id", "session_id", "kind", "size", "at_us", "end_us", "text", "a_id", "b_id", "frame",
                "width_px", "height_px", "a", "b",
            }  # fmt: skip
    assert all(f"`{key}`" in told for key in (*report, *set(session) - {"a", "b"}, "sha256", "bin_us", "kind"))
    assert all(isinstance(n, int | float) for measured in report["nouns"].values() for n in measured.values())


def test_the_page_holds_the_pictures_and_no_address(log: Connection, serde: Serde) -> None:
    c = compared(log, serde, "live", CANDIDATE, "door")
    report = plain(c, NOUNS)
    with_frames(report, c)
    shots = pictures(log, serde, wanted(report))
    assert shots
    page = html(report, c, shots)
    assert page.count("data:image/jpeg;base64,") == len(shots)
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
