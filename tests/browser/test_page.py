"""What an operator sees and does, in a real browser."""

import json
import re
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.store import Clickhouse
from tests.browser.conftest import CUT, GONE, World, now_us, shot, until
from tests.browser.feed import Feed
from tests.fixtures_kafka import eventually
from tests.story import FPS, S, Story, Teller
from topics.connection import Connection

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.store, pytest.mark.network, pytest.mark.slow]
GUTTER_PX = 84


def test_nothing_yet_says_how_to_begin(world: World, page: Page) -> None:
    empty = Teller(world.connection, world.teller.store, f"{world.teller.database}_empty")
    empty.make_tables()
    place = Clickhouse(world.clickhouse.url, empty.database, f"{empty.database}_log")
    with world.site(clickhouse=place) as url:
        page.goto(url)
        expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
        expect(page.get_by_text("framelog ingest video.mp4")).to_be_visible()
        shot(page, "01-nothing-yet")


def test_starting_names_the_parts_that_are_not_there_yet(world: World, page: Page) -> None:
    nowhere = Connection("127.0.0.1:9", "http://127.0.0.1:9")
    with world.site(connection=nowhere, clickhouse=Clickhouse("http://127.0.0.1:9")) as url:
        page.goto(url)
        expect(page.get_by_role("heading", name="Starting")).to_be_visible()
        for part in ("broker", "clickhouse"):
            expect(page.locator("[data-state=starting]")).to_contain_text(part)
        expect(page.locator("[data-health=wait]")).to_contain_text("starting")
        shot(page, "02-starting")


def test_a_replayed_file_shows_picture_words_lanes_and_highlights_of_one_moment(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&t=15.5")
        expect(page.get_by_text("pleasure").first).to_be_visible()
        expect(page.locator("[data-boxes='2']")).to_be_visible()
        expect(page.get_by_text("Applause and a happy face").first).to_be_visible()
        expect(page.locator(".badge")).to_have_text("file")
        assert now_us(page) == 15_500_000
        shot(page, "03-replayed-file")
        page.keyboard.press("ArrowRight")
        assert now_us(page) == 16_500_000
        page.keyboard.press("Shift+ArrowLeft")
        assert now_us(page) == 6_500_000
        assert "t=6.50" in page.url
        expect(page.locator("[data-boxes='1']")).to_be_visible()
        page.keyboard.press("Home")
        shown = page.locator("[data-shown]").get_attribute("data-shown") or ""
        assert float(shown.split()[0]) < 0 < 40 * S < float(shown.split()[1])  # at its begin the whole is in view


def test_playing_the_log_moves_the_one_clock_and_the_words_follow(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&t=7.9")
        expect(page.locator("[data-boxes='1']")).to_be_visible()
        page.keyboard.press("Space")
        expect(page.locator("li.current")).to_contain_text("good evening")
        until(page, lambda: now_us(page) > 9 * S)
        page.keyboard.press("k")
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
        stopped = now_us(page)
        page.wait_for_timeout(200)
        assert now_us(page) == stopped
        page.keyboard.press("End")
        assert now_us(page) == 40 * S


def test_a_click_on_words_goes_there(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage")
        page.get_by_role("button", name=re.compile("let us begin")).click()
        assert now_us(page) == 19 * S
        expect(page.locator("[data-boxes='3']")).to_be_visible()


def test_a_highlight_says_why_plays_its_clip_in_place_and_drives_the_clock(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage")
        item = page.locator("ol > li").filter(has_text="Applause and a happy face").first
        item.get_by_text("why").click()
        expect(item.get_by_text("loud sound", exact=True)).to_be_visible()
        assert item.get_by_role("link", name=re.compile("download")).get_attribute("href")
        cut = page.locator("ol > li").filter(has_text="A person enters an empty room")
        expect(cut).to_contain_text(f"▲ the clip is not whole: {CUT}")
        shot(page, "04-why")
        item.get_by_role("button", name="Play: ").click()
        video = page.locator("video#clip")
        until(page, lambda: video.evaluate("v => v.currentTime") > 0.5)
        assert 24 * S < now_us(page) < 28.2 * S
        page.keyboard.press("Space")
        until(page, lambda: bool(video.evaluate("v => v.paused")))
        page.wait_for_timeout(300)
        video_us = video.evaluate("v => v.currentTime") * 1e6 + 24 * S
        assert abs(video_us - now_us(page)) <= 1e6 / FPS
        expect(page.locator(".boxes:not([data-boxes='0'])")).to_be_visible()
        shot(page, "05-clip")
        page.keyboard.press("Escape")
        expect(video).to_have_count(0)


def test_the_timeline_zooms_hovers_and_opens_a_record(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&tab=timeline&t=10")
        front = page.locator("canvas.front")
        expect(front).to_be_visible()
        shot(page, "06-timeline")
        for _ in range(2):
            page.keyboard.press("+")
        expect(page.locator(".span")).to_have_text("10 s")
        shot(page, "07-timeline-zoomed")
        page.keyboard.press("0")
        expect(page.locator(".span")).to_have_text("40 s")
        label = page.locator(".wrap .name").filter(has_text="speech").bounding_box()
        box = front.bounding_box()
        assert box
        assert label
        x = box["x"] + GUTTER_PX + (box["width"] - GUTTER_PX) * (13.2 / 40.4)
        y = label["y"] + label["height"] / 2

        page.mouse.move(x, y)  # once: the tip says what comes to lie under a hand that rests
        until(page, lambda: "pleasure" in " ".join(page.locator(".tip").all_inner_texts()))
        shot(page, "08-hover")
        page.mouse.click(x, y)
        drawer = page.get_by_role("complementary", name="Record")
        expect(drawer).to_contain_text(f"{world.connection.names.prefix}.speech/")
        expect(drawer).to_contain_text("thank you it is a pleasure")
        shot(page, "09-drawer")
        page.keyboard.press("Escape")
        expect(drawer).to_have_count(0)


def test_lanes_are_drawn_within_a_frame(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&tab=timeline")
        expect(page.locator("canvas.front")).to_be_visible()
        page.keyboard.press("0")
        page.wait_for_timeout(900)
        drawn_ms = float(page.locator("[data-drawn-ms]").get_attribute("data-drawn-ms") or "nan")
        assert 0 < drawn_ms < 1000 / 60, f"{drawn_ms} ms"


def test_a_stream_without_sound_says_so(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=mute&t=7")
        expect(page.get_by_text("This stream has no sound")).to_be_visible()
        expect(page.locator("[data-boxes='1']")).to_be_visible()
        expect(page.locator("ol > li").filter(has_text="Somebody speaks")).to_contain_text(f"no clip ▲ {GONE}")
        shot(page, "10-no-sound")


def test_a_stream_without_picture_says_so_and_its_words_are_there(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=radio&t=13")
        expect(page.locator("[data-state=no-picture]")).to_be_visible()
        expect(page.locator("li.current")).to_contain_text("pleasure")
        shot(page, "11-no-picture")


def test_a_thousand_highlights_are_listed_and_searched(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=crowd&tab=highlights")
        expect(page.get_by_text("Moment 999").first).to_be_attached()
        shot(page, "12-a-thousand-highlights")
        for tab in ("3", "4"):
            page.keyboard.press(tab)
            page.keyboard.press("/")
            page.keyboard.type("moment 77:")
            expect(page.locator("ol.wide > li")).to_have_count(1)
            expect(page.locator("#search")).to_have_value("moment 77:")
            page.locator("#search").fill("")
            page.keyboard.press("Escape")


def test_a_station_that_is_down_is_named_with_since_when_why_and_what_to_do(
    world: World, page: Page, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    told = {"state": "failing", "since": time.time() - 60, "restarts": 5, "last_error": "out of memory"}
    state.write_text(json.dumps({"parts": {"tracks": told, "speech": {"state": "ready"}}}))
    began_us = time.time_ns() // 1000 - 40 * S
    halted = Story("halted", str(uuid4()), ended=False, tracked_s=14.0, captured_us=began_us)
    halted.tell(world.teller, world.objects)
    with world.site(state) as url:
        page.goto(f"{url}/?stream=halted&t=12")
        strip = page.locator("[data-state=station-down]")
        expect(strip).to_contain_text("tracks is down since")
        expect(strip).to_contain_text("out of memory")
        expect(page.locator("[data-health=bad]")).to_be_visible()
        expect(page.locator("[data-state=behind]")).to_have_text(re.compile(r"is \d+ s behind"))
        page.locator("[data-health]").click()
        shot(page, "13-station-down-far-behind")


def test_live_shows_the_newest_frame_with_the_boxes_of_that_frame_and_follows(world: World, page: Page) -> None:
    with world.site() as url, Feed(world) as feed:
        eventually(lambda: any(s["stream_id"] == "door" for s in httpx.get(f"{url}/api/streams").json()))
        page.goto(f"{url}/?stream=door")
        expect(page.locator(".badge")).to_have_text("● live")
        expect(page.locator(".boxes:not([data-boxes='0'])")).to_be_visible()
        first = now_us(page)
        until(page, lambda: now_us(page) > first + 1_500_000)
        assert feed.now_us - now_us(page) < 1.5 * S
        page.wait_for_timeout(6000)
        shot(page, "14-live")
        page.keyboard.press("ArrowLeft")
        page.get_by_role("button", name="back to live").click()
        expect(page.locator(".badge")).to_have_text("● live")


def ask_sql_as_of(page: Page) -> None:
    """The SQL box, of one run and as it was."""
    answer = page.get_by_role("region", name="SQL").locator("tbody td")
    page.get_by_role("textbox", name="Query").fill("SELECT count() AS n FROM speech WHERE stream_id = 'stage'")
    page.get_by_role("button", name=re.compile("^Run ")).click()
    expect(answer).to_have_text(["8"])
    for run, count in (("tried", "3"), ("live", "5")):
        page.get_by_role("combobox", name="Run asked").select_option(run)
        page.get_by_role("button", name=re.compile("^Run ")).click()
        expect(answer).to_have_text([count])
    page.get_by_label("As of").fill("2020-01-01T12:00:00")
    page.get_by_role("button", name=re.compile("^Run ")).click()
    expect(answer).to_have_text(["0"])
    expect(page.get_by_text("· live as of 1/1/2020")).to_be_visible()
    shot(page, "19-sql-as-of", whole=True)
    page.get_by_role("button", name="now", exact=True).click()
    expect(page.get_by_label("As of")).to_have_value("")


def test_topics_show_lag_and_the_last_record_and_sql_answers(world: World, page: Page) -> None:
    world.tell_run("tried")
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&tab=topics")
        row = page.get_by_role("row").filter(has_text=f"{world.connection.names.prefix}.speech")
        expect(row).to_contain_text("30 d")
        row.get_by_role("button").click()
        expect(page.locator("tr.last")).to_contain_text('"utterance_id"')
        page.get_by_role("button", name=re.compile("^Run")).click()
        expect(page.get_by_text("20 rows in")).to_be_visible()
        expect(page.get_by_role("cell", name="0.99").first).to_be_visible()
        shot(page, "15-topics-sql", whole=True)
        ask_sql_as_of(page)
        page.get_by_role("textbox", name="Query").fill("SELECT * FROM file('/etc/passwd')")
        page.get_by_role("button", name=re.compile("^Run")).click()
        expect(page.get_by_role("alert")).to_contain_text("refused")


def test_it_works_by_keys_alone_and_lists_them(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=stage")
        expect(page.locator("canvas.front")).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        shot(page, "16-keys")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
        for key, tab in (("2", "Timeline"), ("3", "Highlights"), ("4", "Topics"), ("1", "Live")):
            page.keyboard.press(key)
            expect(page.get_by_role("button", name=tab, exact=True)).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390), ("light", 390)])
def test_it_fits_a_phone_and_light_rooms(world: World, page: Page, scheme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark", reduced_motion="reduce")
    with world.site() as url:
        page.goto(f"{url}/?stream=stage&t=15.5")
        expect(page.locator("[data-boxes='2']")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        until(page, lambda: page.locator("[data-shown]").get_attribute("data-shown") != "")
        narrow = "n => n.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
        assert page.locator(".wrap .name").evaluate_all(narrow) == []
        laid = "n => n.map(e => e.checkVisibility({ contentVisibilityAuto: true }))"
        assert page.locator("ol > li .title").evaluate_all(laid) == [True] * 3  # below the fold as well
        shot(page, f"17-{scheme}-{width}", whole=width < 500)


def test_a_print_holds_the_whole_list(world: World, page: Page) -> None:
    with world.site() as url:
        page.goto(f"{url}/?stream=crowd&tab=highlights")
        expect(page.get_by_text("Moment 999").first).to_be_attached()
        page.emulate_media(media="print")
        until(page, lambda: page.evaluate("document.documentElement.scrollHeight") > 20_000)
        laid = "n => n.filter(e => !e.checkVisibility({ contentVisibilityAuto: true })).length"
        assert page.locator("ol.wide > li .title").evaluate_all(laid) == 0
        page.goto(f"{url}/?stream=stage&t=15.5")
        expect(page.locator("[data-boxes='2']")).to_be_visible()
        shot(page, "18-print", whole=True)
