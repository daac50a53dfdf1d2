/** Boxes over the picture: label, track, emotion. */
import type { Rec } from "./api";
import { emotionColour, trackColour } from "./theme";

interface Box {
  track_id: number;
  label: string;
  score: number;
  x1_px: number;
  y1_px: number;
  x2_px: number;
  y2_px: number;
}

interface Person extends Omit<Box, "track_id" | "label"> {
  track_id: number | null;
  emotion: string;
}

interface Label {
  left: number;
  right: number;
  top: number;
}

const STALE_US = 2_000_000;
const HIGH = 19;

/** Draws the boxes of a frame onto a cleared canvas whose picture is `width` × `height` CSS pixels. */
export function drawBoxes(ctx: CanvasRenderingContext2D, width: number, height: number, tracks: Rec | null, emotions: Rec | null): number {
  ctx.clearRect(0, 0, width, height);
  if (!tracks) return 0;
  const sx = width / ((tracks["width_px"] as number) || width);
  const sy = height / ((tracks["height_px"] as number) || height);
  const fresh = emotions && Math.abs(emotions.pts_us - tracks.pts_us) < STALE_US;
  const persons = fresh ? (emotions["persons"] as Person[]) : [];
  ctx.font = "600 12px system-ui, sans-serif";
  ctx.textBaseline = "middle";
  const boxes = (tracks["tracks"] as Box[]) ?? [];
  const taken: Label[] = [];
  for (const box of boxes) {
    const felt = persons.find((p) => p.track_id === box.track_id && p.emotion);
    const words = `${box.label} #${box.track_id}${felt ? ` · ${felt.emotion}` : ""}`;
    one(ctx, box, sx, sy, trackColour(box.track_id), words, felt ? emotionColour(felt.emotion) : "", width, taken);
  }
  for (const face of persons.filter((p) => p.track_id === null && p.emotion))
    one(ctx, face, sx, sy, emotionColour(face.emotion), face.emotion, "", width, taken);
  return boxes.length;
}

function one(
  ctx: CanvasRenderingContext2D, box: { x1_px: number; y1_px: number; x2_px: number; y2_px: number },
  sx: number, sy: number, colour: string, words: string, mood: string, width: number, taken: Label[],
): void {
  const x = box.x1_px * sx;
  const y = box.y1_px * sy;
  const w = (box.x2_px - box.x1_px) * sx;
  ctx.lineWidth = 4;
  ctx.strokeStyle = "rgb(0 0 0 / .55)";
  ctx.strokeRect(x, y, w, (box.y2_px - box.y1_px) * sy);
  ctx.lineWidth = 2;
  ctx.strokeStyle = colour;
  ctx.strokeRect(x, y, w, (box.y2_px - box.y1_px) * sy);
  const long = ctx.measureText(words).width + (mood ? 24 : 12);
  const left = Math.max(0, Math.min(x - 1, width - long));
  let top = y >= 20 ? y - 20 : y + 1;
  const covered = (at: number): boolean => taken.some((l) => left < l.right && left + long > l.left && at < l.top + HIGH && at + HIGH > l.top);
  for (let n = 0; n < 3 && covered(top); n += 1) top += HIGH + 1; // people who stand close keep their names
  taken.push({ left, right: left + long, top });
  ctx.fillStyle = "rgb(8 12 20 / .82)";
  ctx.fillRect(left, top, long, HIGH);
  ctx.fillStyle = colour;
  ctx.fillRect(left, top, 3, HIGH);
  ctx.fillStyle = "#fff";
  ctx.fillText(words, left + 7, top + 10);
  if (mood) {
    ctx.fillStyle = mood;
    ctx.beginPath();
    ctx.arc(left + long - 9, top + 9.5, 4.5, 0, 7);
    ctx.fill();
  }
}
