"""The built page in a real Chromium, against the real API over a real log and store."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect, sync_playwright

from api.app import create_app
from api.store import Clickhouse
from connectors.clickhouse.rows import Place
from connectors.objects import FolderStore
from deploy.page_build import PAGE, NotBuilt, build
from schemas.records import Record, Ref
from tests.serving import serving
from tests.story import Story, Teller, file_session, many_highlights
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.registry import Serde

SHOTS = Path(__file__).parent.parent.parent / "test-results"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync"]  # fmt: skip
PATIENCE_MS = 30_000  # two cores for broker, store, browser and whatever else runs here
CUT, GONE = "its first 1.50 s have expired", "the log does not hold its packets any more"
OURS = ("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:")


@pytest.fixture(scope="session")
def built_page() -> Path:
    """The page, built if it is not fresh."""
    try:
        build(say=lambda _: None)
    except NotBuilt as error:
        pytest.skip(str(error))
    return PAGE / "dist"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, or the one that FRAMELOG_CHROMIUM names.

    Ends with its module: as long as Playwright is there an event loop runs in this thread, and no other can.
    """
    path = os.environ.get("FRAMELOG_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium on this machine (set FRAMELOG_CHROMIUM)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass(frozen=True, slots=True)
class World:
    """A log and a store with several streams in them."""

    connection: Connection
    clickhouse: Clickhouse
    objects: Path
    page_dir: Path
    teller: Teller

    def tell_soon(self) -> None:
        """A stream that was waited for comes."""
        Story("soon", file_session("soon"), seconds=8).tell(self.teller, self.objects)

    def tell_run(self, name: str) -> None:
        """A replay of the stage that found a little other things: stored as rows of its own."""
        story = Story("stage", file_session("stage"), gap_s=(29.0, 31.0), tracked_s=30.0)
        refs = [Ref(topic=f"{self.connection.names.prefix}.frames", partition=0, offset=n) for n in range(400)]
        audio = [Ref(topic=f"{self.connection.names.prefix}.audio", partition=0, offset=n) for n in range(100)]
        said: dict[str, Sequence[Record]] = {
            "tracks": story.tracks(refs), "emotions": story.emotions(refs), "sounds": story.sounds(audio),
            "speech": story.speech()[1:], "events": story.events(refs)[::2],
            "highlights": story.highlights(refs)[1:], "fused": story.fused(),
        }  # fmt: skip
        for noun, records in said.items():
            ended = story.end(noun, records)
            places = [Place("nowhere", 0, n, 0) for n in range(len(ended))]
            self.teller.keep(noun, ended, places, run=name)

    @contextmanager
    def site(self, supervisor_state: Path | None = None, **other: Any) -> Iterator[str]:
        """The API and the page over it, on a port of its own."""
        app = create_app(
            other.get("connection", self.connection),
            other.get("clickhouse", self.clickhouse),
            FolderStore(self.objects),
            supervisor_state,
            self.page_dir,
        )
        with serving(app) as url:
            yield url


@pytest.fixture(scope="session")
def world(
    broker: str, registry_url: str, store_url: str, built_page: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A file that was played, one without sound, one without picture, one with very many highlights."""
    connection = Connection(broker, registry_url, Names(f"t-{secrets.token_hex(4)}"), partitions=2)
    with Serde(connection) as serde:
        serde.register()
    ensure_topics(connection)
    database = f"t_{secrets.token_hex(6)}"
    client = clickhouse_connect.get_client(dsn=store_url, dedicated_pool=True)
    teller = Teller(connection, client, database)
    teller.make_tables()
    objects = tmp_path_factory.mktemp("objects")
    Story("mute", file_session("mute"), seconds=12, sound=False, gone=GONE).tell(teller, objects)
    Story("radio", file_session("radio"), picture=False).tell(teller, objects)
    crowd = Story("crowd", file_session("crowd"), seconds=6)
    crowd.tell(teller)
    teller.say("highlights", many_highlights(crowd, 1000), log=False)
    Story("stage", file_session("stage"), gap_s=(29.0, 31.0), cut=CUT).tell(teller, objects)
    yield World(connection, Clickhouse(store_url, database, f"{database}_log"), objects, built_page, teller)
    client.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh page. An error of its script or a request to anywhere else fails the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(OURS) else wrong.append(request.url))
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield page
    context.close()
    assert wrong == []


def until(page: Page, look: Callable[[], bool]) -> None:
    """Waits in the page's time; the page's content policy forbids Playwright's own wait_for_function."""
    deadline_s = time.monotonic() + PATIENCE_MS / 1000
    while not look():
        assert time.monotonic() < deadline_s, "it did not come to that"
        page.wait_for_timeout(50)


def shot(page: Page, name: str, whole: bool = False) -> None:
    """A screenshot for people to look at, when everything has come; of a live page, when its lanes have."""
    if page.locator("[data-shown]").count():
        until(page, lambda: page.locator("[data-shown]").get_attribute("data-shown") != "")
    with suppress(TimeoutError):
        page.wait_for_load_state("networkidle", timeout=3000)  # thumbnails come one by one
    page.wait_for_timeout(300)  # they are drawn in the next frames
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=whole)


def now_us(page: Page) -> int:
    """What the page's one clock says."""
    return int(page.locator("[data-now-us]").get_attribute("data-now-us") or -1)
