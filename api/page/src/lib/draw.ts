/** Draws the timeline's lanes and remembers where everything lies, for hover and click. */
import type { Lanes, Level, Place, Span } from "./api";
import { duration, words as spaced } from "./format";
import { EVERY, layout, loud, rows, STATION, type Lane, type LaneName } from "./lanes";
import { ticks, tickStep, xOf, type View } from "./scale";
import { emotionColour, trackColour, type Theme } from "./theme";

export interface Hit {
  x: number;
  y: number;
  w: number;
  h: number;
  lane: LaneName;
  noun: string;
  span: Span;
}

export interface Scene {
  ctx: CanvasRenderingContext2D;
  width: number;
  gutter: number;
  view: View;
  theme: Theme;
  lanes: Lanes | null;
  /** The same range as another run has it, drawn below. */
  beside: Lanes | null;
  /** Which lanes the run drawn above has of its own: only those are shown twice. */
  own: ReadonlySet<LaneName>;
  tall: boolean;
  /** Raw log's last moment: lanes end here at the latest. */
  last_us: number;
  has: { video: boolean; audio: boolean };
  picture: (place: Place) => CanvasImageSource | undefined;
  label_us: (us: number) => string;
  offset_us: number;
}

export const AXIS = 20;
const LEAST = 2;

export function heightOf(lanes: Lanes | null, tall: boolean, beside: Lanes | null, own: ReadonlySet<LaneName>): number {
  const last = layout(lanes, tall, beside, own).at(-1) as Lane;
  return AXIS + last.top + last.height;
}

/** Draws everything but the cursor; answers what lies where. */
export function draw(scene: Scene): Hit[] {
  const { ctx, width, theme, lanes, gutter } = scene;
  const hits: Hit[] = [];
  const all = layout(lanes, scene.tall, scene.beside, scene.own);
  ctx.clearRect(0, 0, width, heightOf(lanes, scene.tall, scene.beside, scene.own));
  ctx.font = `11px ${theme.font}`;
  ctx.textBaseline = "middle";
  ctx.save();
  ctx.beginPath();
  ctx.rect(gutter, 0, width - gutter, 4000);
  ctx.clip();
  for (const lane of all) {
    ctx.fillStyle = theme.lane;
    ctx.fillRect(gutter, AXIS + lane.top, width - gutter, lane.height);
  }
  grid(scene, all);
  if (lanes) {
    const whole = (lane: LaneName): Lane => {
      const found = all.find((l) => l.name === lane) as Lane;
      return { ...found, top: found.top + AXIS };
    };
    pictures(scene, whole("pictures"));
    const runs = scene.beside ? [lanes, scene.beside] : [lanes];
    runs.forEach((of, n) => {
      const mine = { ...scene, lanes: of };
      const twice = (lane: LaneName): boolean => runs.length > 1 && scene.own.has(lane);
      // What only live has is drawn once; its second turn draws nowhere.
      const box = (lane: LaneName): Lane => (twice(lane) || n === 0 ? half(whole(lane), n, twice(lane) ? runs.length : 1) : { ...whole(lane), top: -9999 });
      persons(mine, box("persons"), hits);
      emotion(mine, box("emotion"), hits);
      speech(mine, box("speech"), hits);
      sound(mine, box("sound"), hits);
      marks(mine, box("events"), of.events, "events", theme.event, hits);
      marks(mine, box("highlights"), of.highlights, "highlights", theme.highlight, hits);
      for (const lane of all) if (EVERY.has(lane.name)) reached(mine, box(lane.name));
    });
    if (scene.beside) seam(scene, all);
    log(scene, whole("log"), hits);
    reached(scene, whole("log"));
  } else text(scene, "asking the store …", gutter, width, AXIS + (all[0] as Lane).top + (all[0] as Lane).height / 2, theme.faint);
  ctx.restore();
  return hits;
}

/** The part of a lane that belongs to the n-th of so many runs. */
export function half(lane: Lane, n: number, of: number): Lane {
  if (of === 1) return lane;
  const height = Math.floor((lane.height - 2) / of);
  return { ...lane, height, top: lane.top + n * (height + 2) };
}

function seam(scene: Scene, all: Lane[]): void {
  const { ctx, theme } = scene;
  ctx.fillStyle = theme.line;
  for (const lane of all) if (scene.own.has(lane.name)) ctx.fillRect(scene.gutter, AXIS + lane.top + lane.height / 2 - 1, scene.width, 1.5);
}

const at = (scene: Scene, us: number): number => scene.gutter + xOf(us, scene.view, scene.width - scene.gutter);

function bar(scene: Scene, span: Span, y: number, h: number): { x: number; w: number } | undefined {
  const x = at(scene, span.start_us);
  const end = at(scene, span.end_us);
  if (end < scene.gutter || x > scene.width || h <= 0 || y < 0) return undefined;
  return { x, w: Math.max(LEAST, end - x) };
}

function text(scene: Scene, words: string, x: number, w: number, y: number, colour: string): void {
  const left = Math.max(x, scene.gutter) + 4;
  const room = Math.min(x + w, scene.width) - left - 3;
  if (room < 14) return;
  const { ctx } = scene;
  ctx.fillStyle = colour;
  let shown = words;
  for (let keep = words.length; keep > 0 && ctx.measureText(shown).width > room; ) {
    keep = Math.min(keep - 1, Math.floor((keep * room) / ctx.measureText(shown).width));
    shown = `${words.slice(0, Math.max(0, keep)).trimEnd()}…`;
  }
  if (shown.length > 1) ctx.fillText(shown, left, y);
}

function grid(scene: Scene, all: Lane[]): void {
  const { ctx, theme, view, width, gutter } = scene;
  const bottom = AXIS + (all.at(-1) as Lane).top + (all.at(-1) as Lane).height;
  const step = tickStep(view, width - gutter);
  ctx.fillStyle = theme.line;
  for (const us of ticks(view, width - gutter, scene.offset_us)) {
    const x = Math.round(at(scene, us));
    ctx.globalAlpha = 0.6;
    ctx.fillRect(x, AXIS - 4, 1, bottom);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.faint;
    const label = step < 1e6 ? scene.label_us(us) : scene.label_us(us).replace(/\.0+$/, "");
    if (x + 4 + ctx.measureText(label).width <= width) ctx.fillText(label, x + 4, AXIS / 2); // half a time misleads
    ctx.fillStyle = theme.line;
  }
}

function pictures(scene: Scene, lane: Lane): void {
  const { ctx, lanes, theme } = scene;
  if (!scene.has.video) {
    text(scene, "this stream has no picture", scene.gutter, scene.width, lane.top + lane.height / 2, theme.faint);
    return;
  }
  let edge = -Infinity;
  for (const place of lanes?.frames ?? []) {
    const x = at(scene, place.pts_us);
    if (x < edge || x > scene.width) continue;
    const image = scene.picture(place) as ImageBitmap | undefined;
    const w = image ? (image.width / image.height) * (lane.height - 4) : (lane.height - 4) * 1.6;
    if (x + w < scene.gutter) continue;
    if (image) ctx.drawImage(image, x, lane.top + 2, w, lane.height - 4);
    else {
      ctx.fillStyle = theme.line;
      ctx.fillRect(x, lane.top + 2, w, lane.height - 4);
    }
    edge = x + w + 2;
  }
}

function persons(scene: Scene, lane: Lane, hits: Hit[]): void {
  const spans = scene.lanes?.persons ?? [];
  const { row, count } = rows(spans);
  const high = (lane.height - 4) / Math.max(2, count);
  spans.forEach((span, i) => {
    const y = lane.top + 2 + (row[i] as number) * high;
    const found = bar(scene, span, y, high - 2);
    if (!found) return;
    const id = Number(span.label.split("#")[1] ?? 0);
    scene.ctx.fillStyle = trackColour(id);
    scene.ctx.globalAlpha = 0.8;
    scene.ctx.fillRect(found.x, y + high - 5, found.w, 3);
    scene.ctx.globalAlpha = 0.28;
    scene.ctx.fillRect(found.x, y, found.w, high - 2);
    scene.ctx.globalAlpha = 1;
    text(scene, span.label, found.x, found.w, y + high / 2 - 1, scene.theme.text);
    hits.push({ ...found, y, h: high - 2, lane: "persons", noun: "tracks", span });
  });
}

function emotion(scene: Scene, lane: Lane, hits: Hit[]): void {
  const { ctx, lanes, theme } = scene;
  const band = 14;
  for (const span of lanes?.emotions ?? []) {
    const found = bar(scene, span, lane.top, band);
    if (!found) continue;
    ctx.fillStyle = emotionColour(span.label);
    ctx.globalAlpha = 0.35;
    ctx.fillRect(found.x, lane.top + 1, found.w, band);
    ctx.globalAlpha = 1;
    ctx.fillRect(found.x, lane.top + band - 1, found.w, 2);
    text(scene, span.label, found.x, found.w, lane.top + band / 2 + 1, theme.text);
    hits.push({ ...found, y: lane.top, h: lane.height, lane: "emotion", noun: "emotions", span });
  }
  const middle = lane.top + band + (lane.height - band) / 2;
  const half = (lane.height - band) / 2 - 2;
  if (lanes?.valence.length) {
    ctx.fillStyle = theme.line;
    ctx.fillRect(scene.gutter, middle, scene.width, 1);
  }
  curve(scene, lanes?.valence ?? [], (level) => middle - level.mean * half, theme.accent);
}

/** A line that breaks where the data does. */
function curve(scene: Scene, levels: readonly Level[], y: (level: Level) => number, colour: string): void {
  const { ctx, lanes } = scene;
  const hole = 2 * (lanes?.bin_us ?? 0) + 600_000;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  let before = -Infinity;
  for (const level of levels) {
    const x = at(scene, level.at_us);
    if (level.at_us - before > hole) ctx.moveTo(x, y(level));
    else ctx.lineTo(x, y(level));
    before = level.at_us;
  }
  ctx.stroke();
}

function speech(scene: Scene, lane: Lane, hits: Hit[]): void {
  const { ctx, lanes, theme } = scene;
  const roomy = (lanes?.words.length ?? 0) > 0 && (scene.view.to_us - scene.view.from_us) / scene.width < 14_000;
  for (const span of lanes?.speech ?? []) {
    const found = bar(scene, span, lane.top, lane.height);
    if (!found) continue;
    ctx.fillStyle = theme.speech;
    ctx.globalAlpha = 0.25;
    ctx.fillRect(found.x, lane.top + 2, found.w, lane.height - 4);
    ctx.globalAlpha = 1;
    ctx.fillRect(found.x, lane.top + 2, 2, lane.height - 4);
    const said = [span.label, span.text || (span.count > 1 ? `${span.count} utterances` : "")].filter(Boolean).join(": ");
    if (!roomy) text(scene, said, found.x, found.w, lane.top + lane.height / 2, theme.text);
    hits.push({ ...found, y: lane.top, h: lane.height, lane: "speech", noun: "speech", span });
  }
  if (roomy)
    for (const word of lanes?.words ?? []) {
      const x = at(scene, word.start_us);
      const w = at(scene, word.end_us) - x;
      ctx.fillStyle = theme.speech;
      ctx.fillRect(x, lane.top + lane.height - 6, Math.max(1, w - 1), 2);
      text(scene, word.text, x - 3, Math.max(w + 6, 24), lane.top + lane.height / 2 - 2, theme.text);
    }
  if (!scene.has.audio) text(scene, "no sound: nothing can be said", scene.gutter, scene.width, lane.top + lane.height / 2, theme.faint);
}

function sound(scene: Scene, lane: Lane, hits: Hit[]): void {
  const { ctx, lanes, theme } = scene;
  if (!scene.has.audio) {
    text(scene, "this stream has no sound", scene.gutter, scene.width, lane.top + lane.height / 2, theme.faint);
    return;
  }
  const top = lane.top + 15;
  const high = lane.height - 17;
  const wide = Math.max(1, at(scene, Math.max(500_000, lanes?.bin_us ?? 0)) - at(scene, 0));
  for (const level of lanes?.loudness ?? []) {
    const x = at(scene, level.at_us);
    if (x + wide < scene.gutter || x > scene.width) continue;
    ctx.fillStyle = theme.sound;
    ctx.globalAlpha = 0.45;
    ctx.fillRect(x, top + high * (1 - loud(level.high)), wide - (wide > 4 ? 1 : 0), high * loud(level.high));
    ctx.globalAlpha = 1;
    ctx.fillRect(x, top + high * (1 - loud(level.mean)), wide - (wide > 4 ? 1 : 0), 1.5);
  }
  ctx.setLineDash([3, 4]);
  for (const span of lanes?.silence ?? []) {
    const found = bar(scene, span, top, high);
    if (!found) continue;
    ctx.strokeStyle = theme.faint;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(found.x, top + high - 1.5);
    ctx.lineTo(found.x + found.w, top + high - 1.5);
    ctx.stroke();
    if (found.w > 60) text(scene, `silence ${duration(span.end_us - span.start_us)}`, found.x, found.w, top + high / 2, theme.faint);
    hits.push({ ...found, y: top, h: high, lane: "sound", noun: "sounds", span });
  }
  ctx.setLineDash([]);
  const ends: number[] = [-Infinity];
  for (const span of (lanes?.sounds ?? []).filter((s) => s.label !== "Silence")) {
    const found = bar(scene, span, lane.top, 13);
    if (!found || found.x < (ends[0] as number)) continue; // one row: the first that is there
    ends[0] = found.x + found.w;
    ctx.fillStyle = theme.sound;
    ctx.globalAlpha = 0.3;
    ctx.fillRect(found.x, lane.top + 1, found.w - 1, 12);
    ctx.globalAlpha = 1;
    text(scene, span.label.toLowerCase(), found.x, found.w, lane.top + 7, theme.text);
    hits.push({ ...found, y: lane.top, h: 13, lane: "sound", noun: "sounds", span });
  }
}

function marks(scene: Scene, lane: Lane, spans: readonly Span[], noun: LaneName, colour: string, hits: Hit[]): void {
  const { ctx, theme } = scene;
  spans.forEach((span, i) => {
    const found = bar(scene, span, lane.top, lane.height);
    if (!found) return;
    const next = spans[i + 1];
    const room = (next ? at(scene, next.start_us) : scene.width) - found.x - 2;
    ctx.fillStyle = colour;
    const middle = lane.top + lane.height / 2;
    if (noun === "events") {
      const r = 4 + 2 * span.score;
      ctx.beginPath();
      ctx.moveTo(found.x, middle - r);
      ctx.lineTo(found.x + r, middle);
      ctx.lineTo(found.x, middle + r);
      ctx.lineTo(found.x - r, middle);
      ctx.fill();
      text(scene, span.count > 1 ? `${span.count} ×` : span.text, found.x + 6, room - 6, middle, theme.text);
      hits.push({ x: found.x - 6, w: Math.max(14, Math.min(room, 160)), y: lane.top, h: lane.height, lane: noun, noun, span });
      return;
    }
    ctx.globalAlpha = 0.35 + 0.45 * span.score;
    ctx.fillRect(found.x, lane.top + 2, found.w, lane.height - 4);
    ctx.globalAlpha = 1;
    ctx.fillRect(found.x, lane.top + 2, 3, lane.height - 4);
    text(scene, span.count > 1 ? `${span.count} ×` : span.text, found.x + 3, found.w, middle, theme.text);
    hits.push({ ...found, y: lane.top, h: lane.height, lane: noun, noun, span });
  });
}

function log(scene: Scene, lane: Lane, hits: Hit[]): void {
  const { ctx, lanes, theme } = scene;
  let named = -Infinity;
  for (const span of lanes?.log ?? []) {
    const found = bar(scene, span, lane.top, lane.height);
    if (!found) continue;
    const bad = span.label === "gap" || span.label === "breach";
    ctx.fillStyle = bad ? theme.warn : theme.faint;
    ctx.globalAlpha = bad && found.w > LEAST ? 0.3 : 1;
    ctx.fillRect(found.x, lane.top + 1, bad ? found.w : 2, 14);
    ctx.globalAlpha = 1;
    const dropped = span.count > 1 && bad ? ` (${span.count} dropped)` : "";
    const long = ctx.measureText(span.label + dropped).width + 8;
    const left = found.x + long > scene.width ? scene.width - long - 3 : found.x; // what happens at the edge is named as well
    if (left >= named) {
      text(scene, span.label + dropped, left, Math.max(found.w, 110), lane.top + 8, bad ? theme.warn : theme.faint);
      named = left + long;
    }
    hits.push({ ...found, w: Math.max(found.w, 40), y: lane.top, h: 15, lane: "log", noun: "streams", span });
  }
  let edge = -Infinity;
  const marks = (lanes?.watermarks ?? []).filter((m) => m.records > 0 && !["clips", "streams", "highlights"].includes(m.noun));
  for (const mark of marks.sort((a, b) => a.watermark_us - b.watermark_us)) {
    const x = at(scene, Math.min(mark.watermark_us, scene.last_us));
    if (x < scene.gutter || x > scene.width + 2) continue;
    ctx.fillStyle = mark.ended ? theme.faint : theme.accent;
    ctx.fillRect(x - 1, lane.top + 17, 2, lane.height - 18);
    const words = spaced(mark.noun);
    const long = ctx.measureText(words).width;
    const left = x - long - 4;
    if (left > edge) {
      ctx.fillText(words, left, lane.top + 26);
      edge = x;
    }
    const span: Span = {
      start_us: mark.watermark_us, end_us: mark.watermark_us, label: `${mark.noun} has got here`, score: 0, count: mark.records,
      id: "", text: mark.ended ? "and has ended" : "",
    };
    hits.push({ x: x - 4, w: 8, y: lane.top + 16, h: lane.height - 16, lane: "log", noun: mark.noun, span });
  }
}

/** What a station has not yet reached is hatched: a hole is a hole. */
function reached(scene: Scene, lane: Lane): void {
  const { ctx, theme, lanes } = scene;
  const station = STATION[lane.name];
  const mark = lanes?.watermarks.find((m) => m.noun === station);
  if (!station || station === "streams" || !mark || mark.ended) return;
  const from = at(scene, Math.min(mark.watermark_us, scene.last_us));
  const to = Math.min(at(scene, scene.last_us), scene.width);
  if (to - from < 3) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, lane.top, to - from, lane.height);
  ctx.clip();
  ctx.strokeStyle = theme.hole;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let x = from - lane.height; x < to; x += 7) {
    ctx.moveTo(x, lane.top + lane.height);
    ctx.lineTo(x + lane.height, lane.top);
  }
  ctx.stroke();
  ctx.restore();
  if (!scene.has.audio && (lane.name === "speech" || lane.name === "sound")) return;
  const waiting = mark.records ? `${duration(scene.last_us - mark.watermark_us)} to go` : "nothing yet";
  const long = ctx.measureText(waiting).width + 10;
  if (to - from > long) text(scene, waiting, to - long, long + 4, lane.top + lane.height - 8, theme.faint);
}

/** The topmost thing at a point. */
export const hitAt = (hits: readonly Hit[], x: number, y: number): Hit | undefined =>
  hits.findLast((h) => x >= h.x - 1 && x <= h.x + h.w + 1 && y >= h.y && y <= h.y + h.h);

/** A record in short. */
export function brief(hit: Hit, label_us: (us: number) => string): string[] {
  const { span } = hit;
  const when = span.end_us > span.start_us ? `${label_us(span.start_us)} – ${label_us(span.end_us)} (${duration(span.end_us - span.start_us)})` : label_us(span.start_us);
  const title = [span.label && spaced(span.label), span.text].filter(Boolean).join(": ");
  const more = [span.score ? `score ${span.score.toFixed(2)}` : "", span.count > 1 ? `${span.count} records` : ""].filter(Boolean);
  return [title, when, more.join(" · ")].filter(Boolean);
}
