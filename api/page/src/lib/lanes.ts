/** Which lanes there are, how high each is, and in which row a person stands: pure. */
import type { Lanes, Span } from "./api";

export type LaneName = "pictures" | "persons" | "emotion" | "speech" | "sound" | "events" | "highlights" | "log";

export interface Lane {
  name: LaneName;
  top: number;
  height: number;
}

/** The station whose watermark tells how far a lane has got; highlights come now and then, so theirs says nothing. */
export const STATION: Record<LaneName, string> = {
  pictures: "", persons: "tracks", emotion: "emotions", speech: "speech", sound: "sounds", events: "events",
  highlights: "", log: "streams",
};

/** Lanes that two runs may have of their own, one above the other, and what of the answer is drawn in each. Pictures and
 * the log are the same for both. */
const OWN: Partial<Record<LaneName, [noun: string, fields: (keyof Lanes)[]]>> = {
  persons: ["tracks", ["persons"]], emotion: ["emotions", ["emotions", "valence"]], speech: ["speech", ["speech", "words"]],
  sound: ["sounds", ["loudness", "silence", "sounds"]], events: ["events", ["events"]], highlights: ["highlights", ["highlights"]],
};

/** Lanes that a run has of its own, by the stations that it ran (all, if none is named). */
export function ownLanes(stations: readonly string[]): ReadonlySet<LaneName> {
  const names = Object.entries(OWN).filter(([, [noun]]) => !stations.length || stations.includes(noun));
  return new Set(names.map(([name]) => name as LaneName));
}

/** All lanes that a run can have of its own. */
export const EVERY = ownLanes([]);

/** A run's lanes, those that it has not of its own taken from live: that is what it read. */
export function borrowed(run: Lanes, live: Lanes, own: ReadonlySet<LaneName>): Lanes {
  const others = Object.entries(OWN).filter(([name]) => !own.has(name as LaneName));
  const fields = Object.fromEntries(others.flatMap(([, [, names]]) => names.map((name) => [name, live[name]])));
  const nouns = new Set(others.map(([, [noun]]) => noun));
  const watermarks = run.watermarks.map((mark) => (nouns.has(mark.noun) && live.watermarks.find((m) => m.noun === mark.noun)) || mark);
  return { ...run, ...fields, watermarks };
}

const ROW = 13;
export const MOST_ROWS = 6;

/** Puts spans into rows so that none covers another; a key keeps its row where it can. Rows are at most `most`:
 * what finds no room shares the last one. */
export function rows(spans: readonly Span[], most = MOST_ROWS): { row: number[]; count: number } {
  const ends: number[] = [];
  const home = new Map<string, number>();
  const row = spans.map((span) => {
    const before = home.get(span.label);
    let at = before !== undefined && (ends[before] as number) <= span.start_us ? before : ends.findIndex((end) => end <= span.start_us);
    if (at < 0) at = Math.min(ends.length, most - 1);
    home.set(span.label, at);
    ends[at] = Math.max(ends[at] ?? -Infinity, span.end_us);
    return at;
  });
  return { row, count: Math.max(1, ends.length) };
}

/** Lanes from top to bottom. */
export function layout(lanes: Lanes | null, tall: boolean, beside: Lanes | null = null, own: ReadonlySet<LaneName> = EVERY): Lane[] {
  const most = Math.max(rows(lanes?.persons ?? []).count, rows(beside?.persons ?? []).count);
  const people = Math.min(MOST_ROWS, Math.max(2, most));
  const extra = tall ? 1.5 : 1;
  const heights: [LaneName, number][] = [
    ["pictures", Math.round(48 * (tall ? 1.3 : 1))],
    ["persons", people * ROW + 6],
    ["emotion", Math.round(36 * extra)],
    ["speech", 34],
    ["sound", Math.round(44 * extra)],
    ["events", 30],
    ["highlights", 30],
    ["log", 34],
  ];
  let top = 0;
  return heights.map(([name, one]) => {
    const height = beside && own.has(name) ? 2 * one - 2 : one;
    const lane = { name, top, height };
    top += height + 1;
    return lane;
  });
}

/** Levels in dB onto 0 … 1: −60 dB and below is nothing. */
export const loud = (db: number): number => Math.min(1, Math.max(0, (db + 60) / 60));
