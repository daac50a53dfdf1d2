/** The page's address says what is looked at: stream, session, run, tab and moment. */

export const TABS = ["live", "timeline", "highlights", "topics"] as const;
export type Tab = (typeof TABS)[number];

export interface Look {
  tab: Tab;
  stream: string;
  session: string;
  run: string;
  /** Stream time in µs, null: follow what is live. */
  at_us: number | null;
}

export function parse(search: string): Look {
  const q = new URLSearchParams(search);
  const tab = q.get("tab") ?? "live";
  const t = q.get("t");
  const seconds = t === null || t.trim() === "" ? NaN : Number(t);
  return {
    tab: (TABS as readonly string[]).includes(tab) ? (tab as Tab) : "live",
    stream: q.get("stream") ?? "",
    session: q.get("session") ?? "",
    run: q.get("run") || "live",
    at_us: Number.isFinite(seconds) ? Math.round(seconds * 1e6) : null,
  };
}

export function format(look: Look): string {
  const q = new URLSearchParams();
  if (look.tab !== "live") q.set("tab", look.tab);
  if (look.stream) q.set("stream", look.stream);
  if (look.session) q.set("session", look.session);
  if (look.run !== "live") q.set("run", look.run);
  if (look.at_us !== null) q.set("t", (look.at_us / 1e6).toFixed(2));
  const text = q.toString();
  return text ? `?${text}` : "?";
}
