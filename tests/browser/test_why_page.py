"""Why on the page: the chain as a tree to click through, with picture, boxes and sound at each step; and sound."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import World, now_us, shot, until
from tests.story import S

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.store, pytest.mark.network, pytest.mark.slow]


def test_the_drawer_leads_from_a_highlight_to_the_raw_log_with_picture_boxes_and_sound(
    world: World, page: Page
) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage")
        item = page.locator("ol > li").filter(has_text="Applause and a happy face").first
        item.get_by_role("button", name="record").click()
        drawer = page.get_by_role("complementary", name="Record")
        expect(drawer.locator(".tree")).to_be_visible()
        expect(drawer.locator(".picture[data-marks='2'] svg rect")).to_have_count(2)
        audio = drawer.locator("audio")
        until(page, lambda: abs(float(audio.evaluate("a => a.duration || 0")) - 4) < 0.01)
        shot(page, "20-why-tree")
        window = drawer.get_by_role("button", name=re.compile("00:24.0.*2 persons|00:24.0.*1 person")).first
        window.click()
        expect(drawer.get_by_role("heading", level=2)).to_contain_text("fused")
        until(page, lambda: abs(float(audio.evaluate("a => a.duration || 0")) - 1) < 0.01)
        drawer.get_by_text("tracks × 10").locator("visible=true").first.click()
        drawer.get_by_role("button", name=re.compile(r"person #1")).locator("visible=true").first.click()
        expect(drawer.get_by_role("heading", level=2)).to_contain_text("tracks")
        expect(drawer).to_contain_text(f"{world.connection.names.prefix}.tracks/")
        expect(drawer.locator(".picture svg rect").first).to_be_visible()
        shot(page, "21-why-step")
        raw = drawer.locator(".leaf", has_text=f"{world.connection.names.prefix}.audio/").first
        raw.evaluate(
            "b => { for (let d = b.closest('details'); d; d = d.parentElement.closest('details')) d.open = true }"
        )
        raw.click()
        until(page, lambda: abs(float(audio.evaluate("a => a.duration || 0")) - 0.5) < 0.01)
        drawer.get_by_role("button", name="↩ highlights").click()
        expect(drawer.get_by_role("heading", level=2)).to_contain_text("highlights")


def test_the_log_is_heard_while_it_plays_and_in_pieces_while_it_is_scrubbed(world: World, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/sound?" in request.url else None)
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&t=8.2")
        expect(page.locator("[data-boxes='1']")).to_be_visible()
        assert asked == []
        page.keyboard.press("Space")
        expect(page.locator("[data-sound=playing]")).to_be_visible()
        at = now_us(page)
        until(page, lambda: now_us(page) > at + S)
        page.keyboard.press("k")
        expect(page.locator("[data-sound=silent]")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(page.locator("[data-sound=scrub]")).to_be_visible()
        assert all("from_us=0" in u or "from_us=10000000" in u or "from_us=20000000" in u for u in asked)
        page.keyboard.press("m")
        expect(page.get_by_role("button", name="Sound")).to_contain_text("♪ off")
        page.keyboard.press("Space")
        page.wait_for_timeout(300)
        expect(page.locator("[data-sound=silent]")).to_be_visible()


def test_a_stream_that_is_named_and_not_there_yet_is_waited_for(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=soon&t=5")
        waiting = page.locator("[data-state=waiting]")
        expect(waiting).to_contain_text("Waiting for soon")
        expect(waiting.get_by_role("button", name="stage")).to_be_visible()
        assert "stream=soon" in page.url
        shot(page, "22-waiting")
        world.tell_soon()
        expect(waiting).to_have_count(0)
        expect(page.locator(".badge")).to_have_text("file")
        expect(page.locator("[data-boxes='1']")).to_be_visible()
        assert now_us(page) == 5 * S


def test_the_route_is_drawn_with_rate_and_lag_of_every_input(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&tab=topics")
        graph = page.get_by_role("img", name=re.compile("Stations, what they read"))
        expect(graph.locator("[data-station]")).to_have_count(13)
        expect(graph.locator("[data-station=fused]")).to_contain_text("emotions")
        expect(graph.locator("path")).to_have_count(21)
        shot(page, "23-route", whole=True)


def test_another_runs_records_are_shown_above_lives(world: World, page: Page) -> None:
    world.tell_run("candidate")
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&run=candidate&t=15.5&tab=timeline")
        expect(page.locator(".run.first").first).to_have_text("candidate")
        expect(page.locator(".run.last").first).to_have_text("live")
        expect(page.get_by_role("combobox", name="Run")).to_have_value("candidate")
        shot(page, "24-two-runs")
        page.get_by_label("live beside it").uncheck()
        expect(page.locator(".run.last")).to_have_count(0)
        page.get_by_role("combobox", name="Run").select_option("live")
        assert "run=" not in page.url
