"""A replay that was really played, seen on the page: its lanes and boxes beside live's, and its record."""

import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from api.app import create_app
from api.store import Clickhouse
from connectors.clickhouse.ddl import Databases
from connectors.clickhouse.schema import connect
from connectors.objects import FolderStore
from tests.browser.conftest import PATIENCE_MS, now_us, shot, until
from tests.fixtures_kafka import eventually
from tests.route.replayed import Lab
from tests.serving import serving
from topics.route import STATIONS

pytestmark = [
    pytest.mark.browser, pytest.mark.kafka, pytest.mark.store, pytest.mark.network, pytest.mark.slow,
    pytest.mark.timeout(400),
]  # fmt: skip
RUN, SET = "wider", "fused.window_s=2"
NOUNS = ("streams", "tracks", "emotions", "sounds", "fused", "events", "highlights")


def elsewhere(lab: Lab) -> Lab:
    """The same log over a database of its own: other tests ask what theirs holds."""
    name = f"t_{secrets.token_hex(6)}"
    store = replace(lab.store, databases=Databases(name))
    return replace(lab, env=lab.env | {"FRAMELOG_CLICKHOUSE_DATABASE": name}, store=store)


def rows(lab: Lab, run: str) -> dict[str, int]:
    """How many rows of a run each noun has."""
    which = f"FINAL WHERE run = '{run}' AND stream_id = 'door'"
    with connect(lab.store) as store:
        log = lab.store.databases.log
        return {noun: int(store.command(f"SELECT count() FROM {log}.{noun} {which}")) for noun in NOUNS}


def stored(lab: Lab) -> None:
    """Live's rows, by live's own sink."""
    sink = lab.start("sink", "clickhouse")
    try:
        with connect(lab.store) as store:
            asked, which = f"SELECT countIf(end) FROM {lab.store.databases.log}", "WHERE run = 'live'"
            eventually(
                lambda: all(
                    store.command(f"{asked}.{n} {which} AND stream_id = 'door'") for n in (*NOUNS, "frames")
                ),
                120,
            )
    finally:
        sink.terminate()
        sink.communicate(timeout=60)


def test_a_run_is_chosen_and_seen_beside_live_with_its_settings_counts_and_digests(
    replay_lab: Lab, built_page: Path, chromium: Browser, tmp_path: Path
) -> None:
    lab = elsewhere(replay_lab)
    played = lab.replay(RUN, "--from-station", "tracks", "--set", SET)
    stored(lab)
    assert rows(lab, RUN)["fused"] < rows(lab, "live")["fused"]
    databases = lab.store.databases
    place = Clickhouse(lab.store.url, databases.views, databases.log)
    page = chromium.new_page(viewport={"width": 1440, "height": 1100}, color_scheme="dark")
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    with serving(create_app(lab.connection, place, FolderStore(tmp_path), None, built_page)) as url:
        page.goto(f"{url}/?stream=door&t=5&tab=timeline")
        choice = page.get_by_role("combobox", name="Run", exact=True)
        expect(choice.locator("option")).to_contain_text(["live run", f"run {RUN}"])
        choice.select_option(RUN)
        assert f"run={RUN}" in page.url
        expect(page.locator(".run.first").first).to_have_text(RUN)
        expect(page.locator(".run.last").first).to_have_text("live")
        expect(page.locator(".run.first")).to_have_count(4)  # words and sound are live's: drawn once
        assert now_us(page) == 5_000_000
        until(page, lambda: page.locator(".boxes").get_attribute("data-boxes") == str(boxes(lab, RUN, 5_000_000)))
        page.get_by_role("button", name="record").click()
        card = page.get_by_role("region", name=f"Run {RUN}")
        expect(card.locator("[data-run=done]")).to_be_visible()
        expect(card).to_contain_text(SET)
        for noun, state in (("tracks", "equal"), ("emotions", "equal"), ("fused", "differs")):
            row = card.locator("tbody tr").filter(has=page.get_by_role("cell", name=noun, exact=True))
            expect(row).to_contain_text(f"{played['said'][noun]['records']}")
            expect(row).to_contain_text(state)
            expect(row).to_contain_text(played["said"][noun]["digest"][:10])
        shot(page, "25-run-record")
        page.keyboard.press("Escape")
        expect(card).to_have_count(0)
        shot(page, "26-run-beside-live")
        choice.select_option("live")
        page.get_by_role("button", name="record").click()
        card = page.get_by_role("region", name="Run live")
        expect(card.locator("[data-run=live]")).to_be_visible()
        expect(card.locator("tbody tr")).to_have_count(len(STATIONS))
        expect(card.locator("tbody tr").first).to_contain_text("now")
        shot(page, "27-live-record")
    page.close()


def boxes(lab: Lab, run: str, at_us: int) -> int:
    """How many tracked boxes a run has at a moment."""
    with connect(lab.store) as store:
        return int(store.command(
            f"SELECT sum(length(tracks)) FROM {lab.store.databases.log}.tracks FINAL WHERE run = '{run}' "
            f"AND stream_id = 'door' AND pts_us = {at_us} AND NOT end"
        ))  # fmt: skip
