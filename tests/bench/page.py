"""The page in a real Chromium over a day of records: first paint, dropped frames, a jump by a day.

150,000 records (tracks, sounds, words, events, highlights) of one session of 25 hours lie in the store; the
figures are what a person at this machine would see. A frame counts as late when it comes more than one and a half
periods of the screen after the one before it.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import clickhouse_connect
from playwright.sync_api import Page, sync_playwright

from api.app import create_app
from api.store import Clickhouse
from api.watermarks import NOUNS
from connectors.objects import FolderStore
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.registry import app as registry_app
from deploy.page_build import PAGE, build
from schemas.records import Frame
from tests.fixtures_kafka import eventually
from tests.fixtures_store import StoreProcess
from tests.serving import serving
from tests.story import HEIGHT, WIDTH, Teller, file_session, picture
from topics.broker import ensure_topics
from topics.connection import Connection
from topics.names import Names
from topics.registry import Serde

HOURS = 25
SECONDS = HOURS * 3600
PAN_S = 6.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
COMMON = ("'live' AS run, 'nowhere' AS topic, number AS offset, now64(3) AS recorded_at, 'day' AS stream_id, "
          "'{session}' AS session_id, number AS seq, {pts} AS pts_us, {pts} AS watermark_us, 'ok' AS status, "
          "concat('{noun}-', toString(number)) AS id, {more} FROM numbers({n})")  # fmt: skip
# noun: how many, stream time of each in µs, its own columns. Two tracks at a time, each for half a minute.
DAY: dict[str, tuple[int, str, str]] = {
    "tracks": (SECONDS, "number * 1000000",
               "320 AS width_px, 180 AS height_px, arrayMap(k -> tuple(toInt32(intDiv(number, 30) * 2 + k), "
               "'person', 0.9, 10, 10, 60, 170, 1), range(2))::Array(Tuple(track_id Int32, label "
               "LowCardinality(String), score Float32, x1_px Float32, y1_px Float32, x2_px Float32, "
               "y2_px Float32, age Int32)) AS tracks"),
    "sounds": (SECONDS // 2, "number * 2000000",
               "number * 2000000 AS start_us, number * 2000000 + 2000000 AS end_us, "
               "-40 + 20 * sin(number / 50) AS loudness_db, -20 AS peak_db"),
    "speech": (9_000, "number * 10000000",
               "number * 10000000 AS start_us, number * 10000000 + 3000000 AS end_us, "
               "'some words of the day' AS text, 'A' AS speaker"),
    "events": (5_000, "number * 18000000",
               "number * 18000000 AS start_us, number * 18000000 + 2000000 AS end_us, 'a thing happens' AS text, "
               "(number % 100) / 100 AS score"),
    "highlights": (2_000, "number * 45000000",
                   "number * 45000000 AS start_us, number * 45000000 + 9000000 AS end_us, 'a moment' AS title, "
                   "(number % 100) / 100 AS score"),
}  # fmt: skip
FRAMES = """
async (pan_s) => {
  const front = document.querySelector("canvas.front"), at = front.getBoundingClientRect(), gaps = [];
  const wheel = (x) => front.dispatchEvent(new WheelEvent("wheel", { deltaX: x, shiftKey: true, bubbles: true,
    cancelable: true, clientX: at.left + at.width / 2, clientY: at.top + 60 }));
  await new Promise((done) => {
    let before = 0, began = 0;
    const tick = (now) => {
      if (before) gaps.push(now - before); else began = now;
      before = now;
      wheel(Math.sin((now - began) / 900) * 12);
      if (now - began < pan_s * 1000) requestAnimationFrame(tick); else done();
    };
    requestAnimationFrame(tick);
  });
  return gaps;
}"""
JUMP = """
async (key) => {
  const wrap = document.querySelector("[data-shown]");
  const clock = () => Number(document.querySelector("[data-now-us]").dataset.nowUs);
  const began = performance.now(), from = clock();
  dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  return await new Promise((done) => {
    const look = () => {
      const [low, high] = wrap.dataset.shown.split(" ").map(Number), now = clock();
      const near = high - low < 4 * 3600e6; // what was fetched for the whole day does not count
      const there = Math.abs(now - from) > 3600e6 && near && low <= now && now <= high;
      if (there) done([performance.now() - began, now - from]);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}"""


@contextmanager
def site(stack: ExitStack) -> Iterator[str]:
    """Broker, registry, store with the day in it, and the API with the page; where it is."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    node = KafkaNode(folder / "kafka", quick=True)
    node.prepare()
    log = stack.enter_context((folder / "kafka.log").open("wb"))
    broker = subprocess.Popen(node.command(), stdout=log, stderr=log)
    stack.callback(broker.wait, 60)
    stack.callback(broker.terminate)
    node.wait_ready(120)
    registry = stack.enter_context(serving(registry_app(":memory:"), ws="none"))
    store = StoreProcess(folder / "store").start()
    stack.callback(store.stop)
    connection = Connection(node.bootstrap, registry, Names(f"b-{secrets.token_hex(3)}"), partitions=1)
    with Serde(connection) as serde:
        serde.register()
    ensure_topics(connection)
    client = clickhouse_connect.get_client(dsn=store.url)
    stack.callback(client.close)
    teller = Teller(connection, client, "bench")
    teller.make_tables()
    fill(teller)
    build(say=lambda _: None)
    place = Clickhouse(store.url, "bench", "bench_log")
    yield stack.enter_context(serving(create_app(connection, place, FolderStore(folder), None, PAGE / "dist")))


def fill(teller: Teller) -> None:
    """The day: one real frame in the log, which all frames of the store point to, and rows made by the store."""
    session, end_us = file_session("day"), SECONDS * 1_000_000
    frame = Frame(
        stream_id="day", session_id=session, seq=0, pts_us=0, width_px=WIDTH, height_px=HEIGHT, image=picture(0)
    )
    (ref,) = teller.say("frames", [frame], store=False)
    teller.store.command(
        "INSERT INTO bench_log.frames (run, topic, partition, offset, recorded_at, stream_id, session_id, seq, "
        f"pts_us, width_px, height_px) SELECT 'live', '{ref.topic}', {ref.partition}, {ref.offset}, now64(3), "
        f"'day', '{session}', number, number * 10000000, {WIDTH}, {HEIGHT} FROM numbers({SECONDS // 10})"
    )
    for noun, (count, pts, more) in DAY.items():
        rows = COMMON.format(session=session, pts=pts, noun=noun, more=more, n=count)
        names = [part.rpartition(" AS ")[2] for part in split(rows.rpartition(" FROM ")[0])]
        teller.store.command(f"INSERT INTO bench_log.{noun} ({', '.join(names)}) SELECT {rows}")
        teller.store.command(
            f"INSERT INTO bench_log.{noun} (run, stream_id, session_id, seq, pts_us, watermark_us, end, status) "
            f"VALUES ('live', 'day', '{session}', {count}, {end_us}, {end_us}, true, 'ok')"
        )
    for noun in sorted(set(NOUNS) - DAY.keys()):
        teller.store.command(
            f"INSERT INTO bench_log.{noun} (run, stream_id, session_id, seq, pts_us, watermark_us, end, status) "
            f"VALUES ('live', 'day', '{session}', 0, {end_us}, {end_us}, true, 'ok')"
        )
    teller.store.command(
        "INSERT INTO bench_log.frames (run, stream_id, session_id, seq, pts_us, end) "
        f"VALUES ('live', 'day', '{session}', {SECONDS // 10}, {end_us}, true)"
    )


def split(columns: str) -> list[str]:
    """Columns of a SELECT, at the commas outside of brackets."""
    out, depth = [""], 0
    for char in columns:
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            out.append("")
        else:
            out[-1] += char
    return [part.strip() for part in out]


def bench() -> Iterator[Mapping[str, object]]:
    """Rows of what, ours, baseline (what shall be reached), unit, ratio and target."""
    chromium = os.environ.get("FRAMELOG_CHROMIUM") or shutil.which("chromium")
    with ExitStack() as stack:
        url = stack.enter_context(site(stack))
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=chromium, args=FLAGS)
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        yield from measured(page, url)


def measured(page: Page, url: str) -> Iterator[Mapping[str, object]]:
    """The three figures."""
    address = f"{url}/?stream=day&t=40000&tab=timeline"
    for _ in range(2):  # the first one warms the store's caches, as a platform that runs has them
        page.goto(address)
        page.locator("[data-shown]:not([data-shown=''])").wait_for()
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    yield row("first paint", paint, 1000)
    page.keyboard.press("0")
    page.wait_for_timeout(1500)
    marks = sum(count for count, _, _ in DAY.values())
    drawn = float(page.locator("[data-drawn-ms]").get_attribute("data-drawn-ms") or "nan")
    gaps = sorted(page.evaluate(FRAMES, PAN_S))
    period = gaps[len(gaps) // 2]
    late = sum(gap > 1.5 * period for gap in gaps)
    yield row(f"drawing {marks:,} records", drawn, 1000 / 60)
    yield row(
        f"late frames of {len(gaps)} while panning over them", late, 0, "frames", f"longest {gaps[-1]:.0f} ms"
    )
    for _ in range(6):
        page.keyboard.press("+")
    eventually(lambda: fetched_us(page) < 4 * 3_600_000_000)
    took = sorted(page.evaluate(JUMP, key)[0] for key in ("End", "Home", "End", "Home", "End"))
    yield row("jump by a day, median of 5", took[2], 300, "ms", f"longest {took[-1]:.0f} ms")


def fetched_us(page: Page) -> float:
    """How long the range is that the timeline has got."""
    low, _, high = (page.locator("[data-shown]").get_attribute("data-shown") or "0 1e18").partition(" ")
    return float(high) - float(low)


def row(what: str, ours: float, limit: float, unit: str = "ms", more: str = "") -> Mapping[str, object]:
    """A figure against its limit."""
    share = ours / limit if limit else ours
    said = what + (f" ({more})" if more else "")
    return {"what": said, "ours": round(ours, 1), "baseline": round(limit, 1), "unit": unit,
            "ratio": round(share, 2), "target": 1.0 if limit else 0.0, "bound": "at most"}  # fmt: skip
