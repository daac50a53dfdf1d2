import { describe, expect, it } from "vitest";
import type { Lanes, Span } from "../src/lib/api";
import { bytes, clockTime, count, duration } from "../src/lib/format";
import { borrowed, EVERY, layout, loud, MOST_ROWS, ownLanes, rows } from "../src/lib/lanes";
import { lastBefore, nearest } from "../src/lib/nearest";
import { keepInView, NARROWEST_US, padded, pan, serves, ticks, usAt, WIDEST_US, xOf, zoom } from "../src/lib/scale";
import { format, parse } from "../src/lib/url";

const span = (label: string, start_us: number, end_us: number): Span => ({ label, start_us, end_us, score: 0, count: 1, id: "", text: "" });

describe("numbers as people read them", () => {
  it.each([
    [0, 1, "00:00.0"], [-1_500_000, 1, "−00:01.5"], [59_999_999, 1, "00:59.9"], [60e6, 0, "01:00"], [3_723_400_000, 1, "1:02:03.4"],
    [15_500_000, 2, "00:15.50"],
  ])("stream time %d µs with %d decimals is %s", (us, digits, said) => expect(clockTime(us, digits)).toBe(said));
  it.each([[0, "0.0 s"], [400_000, "0.4 s"], [12e6, "12 s"], [180e6, "3 min"], [5 * 3600e6, "5 h"], [30 * 86_400e6, "30 d"]])(
    "%d µs last %s", (us, said) => expect(duration(us)).toBe(said),
  );
  it.each([[0, "0 B"], [999, "999 B"], [14_100, "14.1 kB"], [3_456_625, "3.5 MB"], [2e12, "2.0 TB"]])("%d bytes are %s", (n, said) => expect(bytes(n)).toBe(said));
  it("groups digits by thin spaces", () => expect(count(1234567)).toBe("1\u202f234\u202f567"));
});

describe("the time axis", () => {
  const view = { from_us: 0, to_us: 10e6 };
  it("goes from time to pixels and back", () => {
    for (const us of [0, 1, 5e6, 9_999_999]) expect(usAt(xOf(us, view, 937), view, 937)).toBeCloseTo(us, 3);
  });
  it.each([0.5, 2, 0.9])("zoomed by %d keeps the moment under the pointer", (factor) => {
    const zoomed = zoom(view, factor, 3e6);
    expect(Math.abs(xOf(3e6, zoomed, 1000) - xOf(3e6, view, 1000))).toBeLessThan(0.01);
  });
  it("zooms neither below some frames nor beyond days", () => {
    let near = view;
    let far = view;
    for (let n = 0; n < 60; n += 1) [near, far] = [zoom(near, 0.5, 5e6), zoom(far, 2, 5e6)];
    expect(near.to_us - near.from_us).toBe(NARROWEST_US);
    expect(far.to_us - far.from_us).toBe(WIDEST_US);
  });
  it("follows a moment that leaves, and stays where it is otherwise", () => {
    const all = { from_us: 0, to_us: 60e6 };
    expect(keepInView(view, 5e6, all)).toBe(view);
    const moved = keepInView(view, 12e6, all);
    expect(moved.from_us).toBeLessThan(12e6);
    expect(moved.to_us).toBeGreaterThan(12e6);
  });
  it("stays within the session: its begin is no reason to show what was before it", () => {
    const all = { from_us: 0, to_us: 60e6 };
    expect(keepInView({ from_us: 0, to_us: 60e6 }, 0, all)).toEqual(all);
    expect(keepInView({ from_us: 0, to_us: 60e6 }, 60e6, all)).toEqual(all);
    expect(keepInView({ from_us: 20e6, to_us: 30e6 }, 0, all)).toEqual({ from_us: 0, to_us: 10e6 });
    expect(keepInView({ from_us: 20e6, to_us: 30e6 }, 60e6, all)).toEqual({ from_us: 50e6, to_us: 60e6 });
  });
  it("labels round moments, with room between them", () => {
    const at = ticks({ from_us: 300_000, to_us: 40_300_000 }, 800);
    expect(at).toEqual([5e6, 10e6, 15e6, 20e6, 25e6, 30e6, 35e6, 40e6]);
    expect(ticks({ from_us: 0, to_us: 86_400e6 }, 300).length).toBeLessThan(5);
  });
  it("fetches more than it shows and asks again only when that is left", () => {
    const fetched = padded(view);
    expect(serves(fetched, view)).toBe(true);
    expect(serves(fetched, pan(view, 4e6))).toBe(true);
    expect(serves(fetched, pan(view, 6e6))).toBe(false);
    expect(serves(fetched, zoom(view, 0.2, 5e6))).toBe(false);
  });
});

describe("the record of a moment", () => {
  const at = (...pts: number[]) => pts.map((pts_us) => ({ pts_us }));
  it.each([[[], 5, -1], [[1, 5, 9], 0, -1], [[1, 5, 9], 5, 1], [[1, 5, 9], 8, 1], [[1, 5, 9], 99, 2]])("last of %j before %d", (pts, us, index) => {
    expect(lastBefore(at(...pts), us)).toBe(index);
  });
  it("is the nearest, and none where all are too far", () => {
    expect(nearest(at(1, 5, 9), 8, 3)).toEqual({ pts_us: 9 });
    expect(nearest(at(1, 5, 9), 20, 3)).toBeUndefined();
    expect(nearest([], 20, 3)).toBeUndefined();
  });
});

describe("rows of persons", () => {
  it("are none for nobody, yet have their height", () => expect(rows([])).toEqual({ row: [], count: 1 }));
  it("never cover each other while there is room, and a person comes back to its row", () => {
    const spans = [span("a", 0, 10), span("b", 5, 20), span("c", 12, 15), span("a", 16, 30)];
    expect(rows(spans).row).toEqual([0, 1, 0, 0]);
    const crowd = Array.from({ length: 20 }, (_, n) => span(`p${n}`, n, 100));
    expect(rows(crowd).count).toBe(MOST_ROWS);
  });
});

describe("lanes", () => {
  it("follow each other without a gap of more than a pixel", () => {
    const all = layout(null, false);
    all.slice(1).forEach((lane, i) => expect(lane.top).toBe((all[i]?.top ?? 0) + (all[i]?.height ?? 0) + 1));
  });
  it("of a run that began late are its own as far as it ran, and live's elsewhere", () => {
    expect([...ownLanes(["tracks", "fused", "events"])]).toEqual(["persons", "events"]);
    expect(ownLanes([])).toEqual(EVERY);
    const mark = (noun: string, records: number) => ({ noun, watermark_us: 0, records, ended: true, unavailable: 0, rejected: 0, reason: "" });
    const some = (text: string, records: number) =>
      ({ events: [text], speech: [text], words: [text], watermarks: [mark("speech", records), mark("events", records)] }) as unknown as Lanes;
    const shown = borrowed(some("run", 0), some("live", 7), ownLanes(["events"]));
    expect([shown.events, shown.speech, shown.words]).toEqual([["run"], ["live"], ["live"]]);
    expect(shown.watermarks.map((m) => m.records)).toEqual([7, 0]);
    const twice = (own: string[]) => layout(null, false, {} as Lanes, ownLanes(own)).find((l) => l.name === "speech")?.height;
    expect(twice([])).toBeGreaterThan(twice(["events"]) as number);
  });
  it("show loudness between −60 dB and 0 dB", () => expect([-100, -60, -30, 0, 6].map(loud)).toEqual([0, 0, 0.5, 1, 1]));
});

describe("the address", () => {
  it("of nothing means: live, whatever there is", () => {
    expect(parse("")).toEqual({ tab: "live", stream: "", session: "", run: "live", at_us: null });
    expect(format(parse(""))).toBe("?");
  });
  it("says what is looked at and is read back alike", () => {
    const look = { tab: "timeline", stream: "a b&c", session: "s", run: "v2", at_us: 15_500_000 } as const;
    expect(parse(format(look))).toEqual(look);
  });
  it.each(["?t=", "?t=x", "?tab=nothing", "?t=Infinity"])("%s is forgiven", (search) => {
    expect(parse(search).at_us).toBeNull();
    expect(parse(search).tab).toBe("live");
  });
});
