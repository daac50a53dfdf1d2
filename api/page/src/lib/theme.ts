/** Colours of the canvases, out of the style sheet, so that dark and light are said in one place. */

export interface Theme {
  text: string;
  faint: string;
  line: string;
  ground: string;
  lane: string;
  accent: string;
  person: string;
  speech: string;
  sound: string;
  event: string;
  highlight: string;
  warn: string;
  hole: string;
  font: string;
}

const NAMES = ["text", "faint", "line", "ground", "lane", "accent", "person", "speech", "sound", "event", "highlight", "warn", "hole"] as const;

export function theme(of: Element = document.documentElement): Theme {
  const style = getComputedStyle(of);
  const out = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...out, font: style.getPropertyValue("--font").trim() || "system-ui" } as unknown as Theme;
}

/** A colour for an emotion; its name stands beside it everywhere. */
export const EMOTION: Record<string, string> = {
  happiness: "#eab308", sadness: "#3b82f6", anger: "#ef4444", fear: "#a855f7", surprise: "#14b8a6", disgust: "#84cc16", neutral: "#94a3b8",
};
export const emotionColour = (name: string): string => EMOTION[name] ?? "#94a3b8";

/** Tracks keep their colour: the golden angle puts neighbours far apart. */
export const trackColour = (id: number): string => `hsl(${(id * 137.508) % 360} 70% 55%)`;
