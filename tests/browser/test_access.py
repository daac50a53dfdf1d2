"""WCAG 2.2 AA by axe-core in a real browser: dark and light, on a screen and on a phone; each view, the drawer, a
state.
"""

from pathlib import Path
from pprint import pformat
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from deploy.page_build import PAGE
from tests.browser.conftest import OURS, PATIENCE_MS, World

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.store, pytest.mark.network, pytest.mark.slow]
AXE = PAGE / "node_modules/axe-core/axe.min.js"
WIDE: ViewportSize = {"width": 1440, "height": 844}
PHONE: ViewportSize = {"width": 390, "height": 844}
ASK = """async (contrast) => {
    const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const how = { runOnly: rules, rules: { "color-contrast": { enabled: contrast } } };
    const found = await axe.run({ exclude: [["ol.wide > li:nth-child(n+9)"]] }, how);
    const told = n => [n.target.join(" "), n.any.map(a => a.message).join("; ")];
    return [found.passes.length, found.violations.map(v => [v.id, v.help, v.nodes.map(told)])];
}"""


@pytest.fixture(params=["dark", "light"])
def viewed(chromium: Browser, request: pytest.FixtureRequest) -> Any:
    """A page of a colour scheme, with axe in it: a screen in the dark, a phone in the light."""
    size = WIDE if request.param == "dark" else PHONE
    context = chromium.new_context(viewport=size, color_scheme=request.param, reduced_motion="reduce")
    expect.set_options(timeout=PATIENCE_MS)
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("request", lambda r: None if r.url.startswith(OURS) else pytest.fail(r.url))
    yield page
    context.close()


def violations(page: Page) -> list[Any]:
    """What axe finds, and that it looked at all; then at the other size what a size can spoil. Colours are the
    same at each, and contrast takes most of the time that axe needs.
    """
    told, here = [], page.viewport_size
    for size, contrast in ((here, True), (PHONE if here == WIDE else WIDE, False)):
        page.set_viewport_size(size or WIDE)
        passes, found = page.evaluate(ASK, contrast)
        assert passes > 8
        told += [(size == PHONE, *one) for one in found]
    page.set_viewport_size(here or WIDE)
    return told


def test_every_view_passes(world: World, viewed: Page) -> None:
    page, wrong = viewed, {}
    with world.site() as url:
        for tab in ("live", "timeline", "highlights", "topics"):
            page.goto(f"{url}/?stream=stage&t=15.5&tab={tab}")
            expect(page.locator("main section").first).to_be_visible()
            if tab in ("live", "timeline"):
                expect(page.locator("[data-boxes='2']")).to_be_visible()
            wrong[tab] = violations(page)
        page.goto(f"{url}/?stream=stage")
        page.get_by_text("why", exact=True).first.click()
        page.get_by_role("button", name="record").first.click()
        expect(page.locator(".tree")).to_be_visible()
        wrong["drawer"] = violations(page)
        page.keyboard.press("Escape")
        page.locator("[data-health]").click()
        wrong["health"] = violations(page)
        page.keyboard.press("?")
        wrong["keys"] = violations(page)
        page.goto(f"{url}/?stream=nobody")
        expect(page.locator("[data-state=waiting]")).to_be_visible()
        wrong["waiting"] = violations(page)
    assert not any(wrong.values()), pformat({k: v for k, v in wrong.items() if v}, width=200)


def test_axe_would_find_what_is_wrong(world: World, viewed: Page) -> None:
    with world.site() as url:
        viewed.goto(f"{url}/?stream=stage")
        expect(viewed.locator("main section").first).to_be_visible()
        viewed.evaluate(
            "() => Object.assign(document.querySelector('h2').style, { color: '#888', background: '#999' })"
        )
        assert [v[1] for v in violations(viewed)] == ["color-contrast"]
        viewed.locator("#search").evaluate(
            "e => e.removeAttribute('aria-label') || e.removeAttribute('placeholder')"
        )
        assert [v[1] for v in violations(viewed)] == ["color-contrast", "label", "label"]  # at either size


def test_the_tool_is_the_one_that_was_locked() -> None:
    assert AXE.is_file(), f"npm ci in {PAGE} brings {Path(AXE).name}"
