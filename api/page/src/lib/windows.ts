/** Records of a session, fetched by windows of stream time as they are looked at, and kept. */
import { get, type Rec } from "./api";
import { nearest } from "./nearest";

export const WINDOW_US = 10_000_000;
const KEPT = 24;

export class Windows {
  #kept = new Map<number, Rec[]>();
  #asked = new Set<number>();

  constructor(
    readonly noun: string,
    readonly stream: string,
    readonly session: string,
    readonly run: string,
    /** Windows that reach past this are asked for again: the session still grows. */
    public settled_us: number,
    readonly onload: () => void = () => {},
  ) {}

  /** The record nearest to a moment, if its window is here; asks for it (and the next one) if not. */
  at(us: number, within_us: number): Rec | undefined {
    const index = Math.floor(us / WINDOW_US);
    this.#want(index);
    if (us - index * WINDOW_US > WINDOW_US * 0.6) this.#want(index + 1);
    return nearest(this.#kept.get(index) ?? [], us, within_us);
  }

  /** Records of a window after a moment. */
  after(us: number, most: number): Rec[] {
    return (this.#kept.get(Math.floor(us / WINDOW_US)) ?? []).filter((r) => r.pts_us > us).slice(0, most);
  }

  #want(index: number): void {
    if (this.#kept.has(index) || this.#asked.has(index)) return;
    this.#asked.add(index);
    void this.#load(index);
  }

  async #load(index: number): Promise<void> {
    const from_us = index * WINDOW_US;
    try {
      const rows = await get<Rec[]>(`/api/records/${this.noun}`, {
        stream: this.stream, session: this.session, run: this.run, from_us, to_us: from_us + WINDOW_US, limit: 2000,
      });
      this.#kept.set(index, rows);
      if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value as number);
      if (from_us + WINDOW_US > this.settled_us) setTimeout(() => this.#kept.delete(index), 2000);
      this.onload();
    } catch {
      await new Promise((again) => setTimeout(again, 1500));
    } finally {
      this.#asked.delete(index);
    }
  }
}
