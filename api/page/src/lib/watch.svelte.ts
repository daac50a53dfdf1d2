/** What the page knows and where it looks: one object, read by every part of the page. */
import { get, readiness, Refusal, type Highlight, type Readiness, type Rec, type RunRow, type Session, type Stream } from "./api";
import { Clock } from "./clock.svelte";
import { listen, type Message } from "./live";
import { format, parse, type Tab } from "./url";

const FAR_BEHIND_US = 10e6;
const BEGINNING = new Set(["starting", "waiting"]);
const AGAIN_MS = 2000;
const MOST_SPEECH = 3000;

export type Opened = { noun: string; id: string; at_us: number; record?: Rec } | null;

export class Watch {
  readonly clock = new Clock();
  tab = $state<Tab>("live");
  run = $state("live");
  streamId = $state("");
  sessionId = $state("");
  streams = $state.raw<Stream[]>([]);
  runs = $state.raw<RunRow[]>([]);
  /** Whether live's lanes are drawn under those of a chosen run. */
  beside = $state(true);
  loaded = $state(false);
  /** Why the API gave no streams, empty while it does. */
  trouble = $state("");
  todo = $state("");
  connected = $state(false);
  readiness = $state.raw<Readiness | null>(null);
  highlights = $state.raw<Highlight[]>([]);
  search = $state("");
  speech = $state.raw<Rec[]>([]);
  tracks = $state.raw<Rec | null>(null);
  emotions = $state.raw<Rec | null>(null);
  sounds = $state.raw<Rec | null>(null);
  opened = $state.raw<Opened>(null);
  playing = $state.raw<Highlight | null>(null);
  keysShown = $state(false);
  /** Says that the store has something new for the timeline. */
  grown = $state(0);
  tracksHeard_ms = 0;

  readonly stream = $derived(this.streams.find((s) => s.stream_id === this.streamId));
  readonly session: Session | undefined = $derived(
    this.stream?.sessions.find((s) => s.session_id === this.sessionId) ?? this.stream?.sessions[0],
  );
  readonly isLive = $derived(this.session?.state === "live");
  readonly beginning = $derived((this.readiness?.parts ?? []).filter((p) => !p.ok && BEGINNING.has(p.why)));
  readonly down = $derived((this.readiness?.parts ?? []).filter((p) => !p.ok && p.name !== "page" && !BEGINNING.has(p.why)));
  readonly farBehind = $derived(this.run === "live" && (this.session?.behind_us ?? 0) > FAR_BEHIND_US && this.session?.state !== "quiet");
  /** A stream that the address names and that is not logged yet. */
  readonly awaited = $derived(this.loaded && this.streamId && !this.stream ? this.streamId : "");
  readonly mood: "starting" | "empty" | "waiting" | "ready" = $derived(
    !this.loaded ? "starting" : this.awaited ? "waiting" : this.streams.length ? "ready" : "empty",
  );

  /** Begins to look; the returned function ends it. */
  start(): () => void {
    this.#fromAddress();
    const back = (): void => this.#fromAddress();
    addEventListener("popstate", back);
    const slow = setInterval(() => void this.#lookAround(), 4000);
    void this.#lookAround();
    const deaf = listen({
      heard: (messages) => this.#hear(messages),
      connected: (yes) => {
        if (yes && !this.connected) void this.#loadHighlights(); // what was pushed while nobody listened
        this.connected = yes;
      },
    });
    return () => {
      removeEventListener("popstate", back);
      clearInterval(slow);
      deaf();
      this.clock.stop();
    };
  }

  choose(streamId: string, sessionId = ""): void {
    const stream = this.streams.find((s) => s.stream_id === streamId);
    this.streamId = streamId;
    this.sessionId = sessionId || stream?.sessions[0]?.session_id || "";
    this.tracks = this.emotions = this.sounds = null;
    this.playing = this.opened = null;
    this.speech = [];
    this.#place(null);
    void this.#loadSession();
  }

  /** Looks at the same moment as another run has it. */
  chooseRun(run: string): void {
    this.run = run;
    this.opened = this.playing = null;
    this.speech = [];
    this.writeAddress();
    void this.#loadStreams();
    void this.#loadSession();
  }

  /** Goes to a moment of the log; the picture comes from there. */
  goTo(us: number, play = this.clock.playing): void {
    this.playing = null;
    const first = this.session?.first_us ?? 0;
    const last = this.session?.last_us ?? us;
    this.clock.seek(Math.min(Math.max(us, first), Math.max(first, last)), play);
    this.writeAddress();
  }

  backToLive(): void {
    this.playing = null;
    if (this.isLive) this.clock.follow(this.tracks?.pts_us ?? this.session?.last_us ?? 0);
    else this.goTo(this.session?.last_us ?? 0, false);
    this.writeAddress();
  }

  play(highlight: Highlight): void {
    if (highlight.stream_id !== this.streamId) this.choose(highlight.stream_id, highlight.session_id);
    if (highlight.clip) {
      this.playing = highlight;
      this.clock.clip(highlight.start_us);
    } else this.goTo(highlight.start_us, true);
    if (this.tab === "highlights") this.tab = "live";
    this.writeAddress();
  }

  show(tab: Tab): void {
    this.tab = tab;
    this.writeAddress();
  }

  link(at_us: number | null, highlight?: Highlight): string {
    return format({
      tab: "live", stream: highlight?.stream_id ?? this.streamId, session: highlight?.session_id ?? this.sessionId,
      run: this.run, at_us,
    });
  }

  writeAddress(): void {
    const at_us = this.clock.mode === "live" ? null : this.clock.now_us;
    const wanted = format({ tab: this.tab, stream: this.streamId, session: this.sessionId, run: this.run, at_us });
    if (wanted !== location.search) history.replaceState(null, "", wanted);
  }

  #fromAddress(): void {
    const look = parse(location.search);
    this.tab = look.tab;
    this.run = look.run;
    const moved = look.stream !== this.streamId || look.session !== this.sessionId;
    this.streamId = look.stream;
    this.sessionId = look.session;
    if (moved || look.at_us !== null) this.#place(look.at_us);
    if (moved && this.streams.length) void this.#loadSession();
  }

  #place(at_us: number | null): void {
    if (at_us !== null) this.clock.seek(at_us, false);
    else if (this.isLive || !this.session) this.clock.follow(this.session?.last_us ?? 0);
    else this.clock.seek(this.session.first_us, false);
  }

  async #lookAround(): Promise<void> {
    await Promise.all([this.#loadStreams(), this.#loadReadiness(), this.#loadRuns()]);
  }

  async #loadRuns(): Promise<void> {
    try {
      this.runs = await get<RunRow[]>("/api/runs");
    } catch {
      this.runs = []; // readiness says what is away
    }
  }

  async #loadReadiness(): Promise<void> {
    try {
      this.readiness = await readiness();
    } catch {
      this.readiness = null;
    }
  }

  async #loadStreams(): Promise<void> {
    try {
      this.streams = await get<Stream[]>("/api/streams", { run: this.run });
      this.trouble = this.todo = "";
      const first = !this.loaded || !this.stream;
      this.loaded = true;
      this.clock.last_us = this.session?.last_us ?? 0;
      if (first && this.streams.length) this.#begin();
      this.grown += 1;
    } catch (error) {
      this.trouble = error instanceof Refusal ? error.message : "the API does not answer";
      this.todo = error instanceof Refusal ? error.todo : "it is being started, or `framelog serve` has ended; this page tries again";
    }
  }

  #begin(): void {
    if (!this.stream && this.streamId) return; // asked for by name: it is waited for
    this.streamId ||= this.streams[0]?.stream_id ?? "";
    const asked = parse(location.search).at_us;
    this.sessionId = this.session?.session_id ?? "";
    this.#place(asked);
    void this.#loadSession();
  }

  async #loadSession(): Promise<void> {
    await Promise.all([this.#loadHighlights(), this.#loadSpeech()]);
  }

  async #loadHighlights(): Promise<void> {
    try {
      this.highlights = await get<Highlight[]>("/api/highlights", { run: this.run, limit: 2000 });
    } catch {
      setTimeout(() => void this.#loadHighlights(), AGAIN_MS); // readiness says why
    }
  }

  async #loadSpeech(): Promise<void> {
    const session = this.sessionId;
    try {
      const rows = await get<Rec[]>("/api/records/speech", {
        stream: this.streamId, session, run: this.run, limit: 10_000,
      });
      if (session === this.sessionId) this.speech = rows.filter((r) => r["text"]).slice(-MOST_SPEECH);
    } catch {
      if (session === this.sessionId) setTimeout(() => session === this.sessionId && void this.#loadSpeech(), AGAIN_MS);
    }
  }

  #hear(messages: Message[]): void {
    let ask = false;
    for (const { type, noun, stream, record } of messages) {
      ask ||= type === "highlight" || noun === "clips" || type === "lost";
      if (stream !== this.streamId) {
        ask ||= !this.streams.some((s) => s.stream_id === stream);
        continue;
      }
      if (record.session_id !== this.sessionId) {
        if (this.clock.mode === "live" && type === "state") this.sessionId = record.session_id; // the source came back
        continue;
      }
      if (noun === "tracks") {
        this.tracks = record;
        this.tracksHeard_ms = performance.now();
      } else if (noun === "emotions") this.emotions = record;
      else if (noun === "sounds") this.sounds = record;
      else if (noun === "speech" && record["text"] && !this.speech.some((s) => s.id === record.id))
        this.speech = [...this.speech, record].slice(-MOST_SPEECH);
    }
    if (ask) setTimeout(() => void this.#loadHighlights(), 1200); // the store is a second behind the log
  }
}

export const watch = new Watch();
