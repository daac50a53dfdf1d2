"""Server-sent events over a real socket, as an ordinary HTTP client reads them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.hub import Hub
from api.mailbox import Message
from api.store import Clickhouse
from connectors.objects import FolderStore
from tests.api.conftest import Told
from tests.fixtures_kafka import eventually
from tests.serving import serving

pytestmark = [pytest.mark.kafka, pytest.mark.store, pytest.mark.network]


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its id and the messages in it."""

    id: str
    messages: list[dict[str, Any]]


@pytest.fixture(scope="module")
def url(told: Told) -> Iterator[str]:
    """The API in a server of its own, on a port."""
    place = Clickhouse(told.store_url, told.teller.database, f"{told.teller.database}_log")
    app = create_app(told.teller.connection, place, FolderStore(told.objects))
    with serving(app) as at:
        eventually(lambda: httpx.get(f"{at}/readyz").json()["ready"])
        yield at


@contextmanager
def events(url: str, last: str = "", stream: str = "stage") -> Iterator[Iterator[Event]]:
    headers = {"Last-Event-ID": last} if last else {}
    with (
        httpx.Client(timeout=60) as client,
        client.stream("GET", f"{url}/api/live/sse", params={"stream": stream}, headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield parsed(answer.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[Event]:
    """Events by the rules of the HTML standard, as far as they are used; comments are left out."""
    number, data = "", ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            number = value
        elif name == "data":
            data += value
        elif not line and data:
            yield Event(number, json.loads(data))
            data = ""


def until(heard: Iterator[Event], noun: str) -> Event:
    return next(e for e in heard if any(m["noun"] == noun and m["type"] != "state" for m in e.messages))


def titles(event: Event) -> list[str]:
    return [m["record"]["title"] for m in event.messages if m["type"] == "highlight"]


def test_a_highlight_and_what_happens_now_are_pushed_as_they_come(told: Told, url: str) -> None:
    with events(url) as heard:
        known = set[str]()
        while not known >= {"tracks", "fused", "sounds"}:  # the API may still be reading what was said last
            state = next(heard)
            assert {m["type"] for m in state.messages} == {"state"}
            known |= {m["noun"] for m in state.messages}
        told.teller.say("highlights", [replace(told.highlights[0], title="First")], store=False)
        event = until(heard, "highlights")
        assert titles(event) == ["First"]
        assert event.id
        told.teller.say("events", told.story.events([])[:1], store=False)
        assert until(heard, "events").messages[0]["type"] == "item"


def test_another_streams_listener_hears_nothing_of_it(told: Told, url: str) -> None:
    with events(url, stream="door") as door, events(url) as stage:
        told.teller.say("highlights", [replace(told.highlights[0], title="Not for the door")], store=False)
        assert titles(until(stage, "highlights")) == ["Not for the door"]
        other = replace(told.highlights[0], stream_id="door", title="For the door")
        told.teller.say("highlights", [other], store=False)
        assert titles(until(door, "highlights")) == ["For the door"]


def test_who_comes_back_with_the_last_id_gets_what_was_said_meanwhile_and_nothing_twice(
    told: Told, url: str
) -> None:
    with events(url) as heard:
        next(heard)
        told.teller.say("highlights", [replace(told.highlights[0], title="Before")], store=False)
        last = until(heard, "highlights").id
    with events(url) as watching:  # somebody else, by whom we know that it was said
        told.teller.say("highlights", [replace(told.highlights[0], title="While away")], store=False)
        assert titles(until(watching, "highlights")) == ["While away"]
    with events(url, last) as heard:
        event = until(heard, "highlights")
        assert titles(event) == ["While away"]
    with events(url, event.id) as heard:
        told.teller.say("highlights", [replace(told.highlights[0], title="After")], store=False)
        assert titles(until(heard, "highlights")) == ["After"]


@pytest.mark.parametrize("last", ["deadbeef-3", "nonsense", "-", "9" * 40, "x-" + "9" * 30])
def test_an_id_of_another_life_is_answered_with_lost(url: str, last: str) -> None:
    with events(url, last) as heard:
        assert any(m["type"] == "lost" for m in next(heard).messages)


async def test_what_is_too_long_ago_is_told_as_lost_and_what_is_not_is_given() -> None:
    hub = Hub(remembered=3)

    def say(n: int) -> None:
        hub.publish(Message("item", "cam", "speech", {"n": n}))

    say(0)
    first = await anext(hub.listen("", ""))
    life = first.id.partition("-")[0]
    for n in range(1, 5):
        say(n)
    late = await anext(hub.listen("", first.id))
    assert [m["type"] for m in late.messages] == ["lost"]
    soon = await anext(hub.listen("", f"{life}-2"))
    assert [m["record"]["n"] for m in soon.messages] == [2, 3, 4]
    assert (await anext(hub.listen("", soon.id))).messages == []
    assert [m["type"] for m in (await anext(hub.listen("", f"{life}-99"))).messages] == ["lost"]
