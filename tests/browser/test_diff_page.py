"""The page that `framelog diff --html` writes, in a real Chromium without any network."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from connectors.diff.config import Config
from connectors.diff.log import RunLog
from connectors.diff.nouns import BY_NAME
from connectors.diff.page import html
from connectors.diff.pictures import pictures, wanted, with_frames
from connectors.diff.report import plain
from connectors.diff.session import diff
from tests.browser.conftest import SHOTS
from tests.two_runs import CANDIDATE, made_log
from topics.registry import Serde

pytestmark = [pytest.mark.browser, pytest.mark.kafka]


@pytest.fixture(scope="module")
def written(broker: str, registry_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two runs that are known to differ."""
    log = made_log(broker, registry_url, ("</script><b>door</b>",))
    with Serde(log) as serde:
        with RunLog(log, serde, "live") as a, RunLog(log, serde, CANDIDATE) as b:
            c = diff(a, b, list(BY_NAME), Config())
        report = plain(c, list(BY_NAME))
        with_frames(report, c)
        page = tmp_path_factory.mktemp("diff") / "diff.html"
        page.write_text(html(report, c, pictures(log, serde, wanted(report))))
    return page


def shown(chromium: Browser, page: Path, scheme: str, told: list[str]) -> Page:
    """The page opened from its file; `told` takes errors and every request to anywhere else."""
    view = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    view.on("pageerror", lambda error: told.append(str(error)))
    view.on("console", lambda message: told.append(message.text))
    view.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else told.append(r.url))
    view.goto(page.as_uri())
    return view


def test_it_draws_both_runs_filters_by_noun_and_asks_nobody(chromium: Browser, written: Path) -> None:
    told: list[str] = []
    view = shown(chromium, written, "light", told)
    expect(view.locator("h1")).to_have_text(f"{CANDIDATE} loses 1 of 3 highlights and changes 1")
    expect(view.locator(".card")).to_have_count(len(BY_NAME))
    expect(view.locator(".lede").first).to_contain_text("</script><b>door</b>")
    dog = view.locator(".moment", has_text="lost dog").first
    expect(dog.locator(".side.a rect.s-lost")).to_have_count(1)
    expect(dog.locator(".side.b rect.s-lost")).to_have_count(0)
    expect(dog.locator("image")).to_have_count(2)
    view.locator(".chips button", has_text="words").click()
    expect(view.locator(".moment:visible")).to_have_count(1)
    expect(view.locator(".moment:visible .side.b .w-substituted")).to_have_text("treasure ")
    view.locator(".chips button", has_text="all").click()
    gone = view.locator(".moment:visible", has_text="says nothing here").first
    expect(gone.locator(".absent svg image")).to_have_count(1)
    SHOTS.mkdir(exist_ok=True)
    view.evaluate("scrollTo(0, 0)")  # the header sticks to the top of what is seen
    view.screenshot(path=SHOTS / "diff-light.png", full_page=True)
    view.locator("#theme").click()
    assert view.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    view.screenshot(path=SHOTS / "diff-dark.png")
    assert told == []
    view.close()


def test_it_is_dark_where_the_reader_is_and_fits_a_phone(chromium: Browser, written: Path) -> None:
    told: list[str] = []
    view = shown(chromium, written, "dark", told)
    assert view.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    view.set_viewport_size({"width": 390, "height": 844})
    assert view.evaluate("document.documentElement.scrollWidth") <= 390
    view.screenshot(path=SHOTS / "diff-phone.png", full_page=True)
    assert told == []
    view.close()
