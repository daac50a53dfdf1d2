"""The log as a source: the same pictures as from the file, at the same rate and at another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.ingest import Config, SourceError, ingest
from connectors.sources.log import parsed
from topics.catalog import AUDIO, FRAMES, PACKETS
from topics.connection import Connection
from topics.read import read
from topics.registry import Serde

S = 1_000_000
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("log:door", ("door", None, 0, None)),
        ("log:door@..", ("door", None, 0, None)),
        ("log:door@10..60", ("door", None, 10 * S, 60 * S)),
        ("log:door@1.5..", ("door", None, 1_500_000, None)),
        ("log:door/4f2a@..2", ("door", "4f2a", 0, 2 * S)),
    ],
)
def test_an_address_names_stream_session_and_stretch(source: str, wanted: Any) -> None:
    assert parsed(source) == wanted


@pytest.mark.parametrize(
    "source", ["log:", "log:@1..2", "log:door@", "log:door@5", "log:door@1.2.3..5", "log:door@5..5"]
)
def test_what_is_no_address_is_told_in_one_line(source: str) -> None:
    with pytest.raises(SourceError, match="log:"):
        parsed(source)


def records(connection: Connection, topic: Any, stream: str) -> list[Any]:
    """The stream's records of a topic, without the end."""
    with Serde(connection) as serde:
        found: list[Any] = [
            serde.decode(m.value(), topic) for m in read(connection, [connection.names.topic(topic)])
        ]
    return [r for r in found if r.stream_id == stream and not r.end]


def pictures(connection: Connection, stream: str) -> list[tuple[int, bytes]]:
    return [(r.pts_us, r.image) for r in records(connection, FRAMES, stream)]


@pytest.mark.kafka
@pytest.mark.network
@pytest.mark.parametrize(
    "how",
    [{}, {"codec": "mpeg4"}, {"sound": None, "options": {"bf": "2", "g": "13"}}],
    ids=["h264", "mpeg4", "mute"],
)
def test_pictures_made_from_the_log_are_those_made_from_the_file(
    connection: Connection, clip: Write, how: dict[str, Any]
) -> None:
    path = str(clip("a.mp4", seconds=6, fps=25, **how))
    ingest(path, "door", connection)
    ingest(path, "truth", connection, Config(fps=25))
    whole = ingest("log:door", "again", connection)
    part = ingest("log:door@2.5..4.5", "part", connection, Config(fps=25))
    assert pictures(connection, "again") == pictures(connection, "door")
    fine = [(at, image) for at, image in pictures(connection, "truth") if 2.5 * S <= at < 4.5 * S]
    assert pictures(connection, "part") == fine
    assert len(fine) == 50
    packets = [[p.data for r in records(connection, PACKETS, s) for p in r.packets] for s in ("door", "again")]
    assert packets[0] == packets[1]
    heard = [[r.pts_us for r in records(connection, AUDIO, s)] for s in ("door", "again", "part")]
    assert heard[0] == heard[1]
    assert not heard[2] or 2.5 * S <= heard[2][0] < heard[2][-1] < 4.5 * S
    assert not whole.already
    assert ingest("log:door", "again", connection).already
    assert part.session_id != whole.session_id


@pytest.mark.kafka
@pytest.mark.network
def test_a_stretch_that_is_not_there_is_told(connection: Connection, clip: Write) -> None:
    with pytest.raises(SourceError, match="no such stream or session"):
        ingest("log:door", "again", connection)
    ingest(str(clip("a.wav", video=False, sound="pcm_s16le", seconds=1)), "door", connection)
    with pytest.raises(SourceError, match="nothing there"):
        ingest("log:door@100..200", "again", connection)
