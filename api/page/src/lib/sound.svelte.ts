/** The sound of the log under the one clock: windows of it are fetched, decoded and kept; the clock leads. */
import { address } from "./api";

export interface Source {
  stream: string;
  session: string;
  first_us: number;
  last_us: number;
}

const WINDOW_US = 10_000_000;
const KEPT = 8;
const DRIFT_US = 120_000;
const SNIPPET_S = 0.14;
const FADE_S = 0.01;
const NAME = "framelog.sound";

export class Sound {
  on = $state(localStorage.getItem(NAME) !== "off");
  /** What came out last, for whoever wants to know whether it plays: silent, playing, scrub. */
  doing = $state<"silent" | "playing" | "scrub">("silent");
  #context: AudioContext | undefined;
  #kept = new Map<string, Promise<AudioBuffer | null>>();
  #node: AudioBufferSourceNode | undefined;
  #from = { us: 0, at_s: 0, rate: 1 };
  #wanted = 0;
  #waiting = false;
  #scrubbed_ms = 0;

  toggle(): void {
    this.on = !this.on;
    localStorage.setItem(NAME, this.on ? "on" : "off");
    if (!this.on) this.stop();
  }

  /** Called at every tick of a clock that runs: goes on, or starts anew where the clock has jumped. */
  follow(us: number, rate: number, source: Source): void {
    if (!this.on) return;
    if (this.#node && this.#from.rate === rate && Math.abs(this.#heard_us() - us) < DRIFT_US * Math.max(1, rate)) return;
    if (!this.#waiting) void this.#start(us, rate, source);
  }

  /** A short piece at a moment, while somebody drags the cursor. */
  async scrub(us: number, source: Source): Promise<void> {
    const now_ms = performance.now();
    if (!this.on || now_ms - this.#scrubbed_ms < 100 || !navigator.userActivation.hasBeenActive) return;
    this.#scrubbed_ms = now_ms;
    const mine = (this.#wanted += 1);
    const buffer = await this.#window(us, source);
    if (!buffer || mine !== this.#wanted) return;
    this.#sound(buffer, us, 1, SNIPPET_S);
    this.doing = "scrub";
  }

  stop(): void {
    this.#wanted += 1;
    this.#quiet();
    this.doing = "silent";
  }

  #heard_us(): number {
    return this.#from.us + ((this.#context?.currentTime ?? 0) - this.#from.at_s) * this.#from.rate * 1e6;
  }

  async #start(us: number, rate: number, source: Source): Promise<void> {
    const mine = (this.#wanted += 1);
    const asked_ms = performance.now();
    this.#waiting = true;
    const buffer = await this.#window(us, source);
    this.#waiting = false;
    if (mine !== this.#wanted || !this.on) return;
    const now = us + (performance.now() - asked_ms) * 1000 * rate; // the clock went on while it was fetched
    if (!buffer) {
      this.#quiet();
      return;
    }
    this.#sound(buffer, now, rate);
    this.doing = "playing";
    void this.#window(now + WINDOW_US, source);
  }

  #sound(buffer: AudioBuffer, us: number, rate: number, long_s?: number): void {
    const context = this.#ready();
    const offset_s = (us - Math.floor(us / WINDOW_US) * WINDOW_US) / 1e6;
    this.#quiet();
    if (offset_s >= buffer.duration) return;
    const node = new AudioBufferSourceNode(context, { buffer, playbackRate: rate });
    const gain = new GainNode(context, { gain: 0 });
    const began_s = context.currentTime;
    gain.gain.linearRampToValueAtTime(1, began_s + FADE_S); // no click at the edge
    node.connect(gain).connect(context.destination);
    if (long_s === undefined) node.start(0, offset_s);
    else {
      gain.gain.setValueAtTime(1, began_s + long_s - FADE_S);
      gain.gain.linearRampToValueAtTime(0, began_s + long_s);
      node.start(0, offset_s, long_s);
    }
    node.onended = () => {
      if (this.#node === node) this.#node = undefined;
    };
    this.#node = node;
    this.#from = { us, at_s: began_s, rate };
  }

  #quiet(): void {
    const node = this.#node;
    this.#node = undefined;
    node?.stop();
  }

  #ready(): AudioContext {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") void this.#context.resume();
    return this.#context;
  }

  #window(us: number, source: Source): Promise<AudioBuffer | null> {
    const index = Math.floor(us / WINDOW_US);
    const from_us = index * WINDOW_US;
    if (us < source.first_us - WINDOW_US || from_us > source.last_us) return Promise.resolve(null);
    const grows = from_us + WINDOW_US > source.last_us;
    const name = `${source.session}|${index}|${grows ? source.last_us : ""}`;
    let coming = this.#kept.get(name);
    if (!coming) {
      coming = this.#fetch(address("/api/sound", { stream: source.stream, session: source.session, from_us, to_us: from_us + WINDOW_US }));
      this.#kept.set(name, coming);
      if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value as string);
    }
    return coming;
  }

  async #fetch(url: string): Promise<AudioBuffer | null> {
    try {
      const response = await fetch(url);
      return response.ok ? await this.#ready().decodeAudioData(await response.arrayBuffer()) : null;
    } catch {
      return null;
    }
  }
}

export const sound = new Sound();
