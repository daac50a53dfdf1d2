/** The one clock. The player, the words, the cursor and the boxes all read `now_us`; one of three sets it. */

export type Mode = "live" | "log" | "clip";
const RATES = [0.25, 0.5, 1, 2, 4, 8];

export class Clock {
  /** live: the newest frame; log: pictures by offset, driven here; clip: the video element drives. */
  mode = $state<Mode>("live");
  now_us = $state(0);
  playing = $state(true);
  rate = $state(1);
  /** Where the session ends by now: playing stops there. */
  last_us = 0;
  #raf = 0;
  #then_ms = 0;

  follow(us: number): void {
    this.stop();
    this.mode = "live";
    this.playing = true;
    this.rate = 1;
    this.now_us = us;
  }

  seek(us: number, play: boolean): void {
    this.mode = "log";
    this.now_us = Math.round(us);
    if (play) this.play();
    else this.pause();
  }

  clip(us: number): void {
    this.stop();
    this.mode = "clip";
    this.now_us = us;
    this.playing = true;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  play(): void {
    this.playing = true;
    if (this.mode === "live") this.mode = "log";
    if (this.mode !== "log") return;
    this.stop();
    this.#then_ms = performance.now();
    const tick = (now_ms: number): void => {
      const next = this.now_us + (now_ms - this.#then_ms) * 1000 * this.rate;
      this.#then_ms = now_ms;
      this.now_us = Math.round(Math.min(next, Math.max(this.last_us, this.now_us)));
      if (this.now_us >= this.last_us) this.pause();
      else this.#raf = requestAnimationFrame(tick);
    };
    this.#raf = requestAnimationFrame(tick);
  }

  pause(): void {
    this.stop();
    this.playing = false;
    if (this.mode === "live") this.mode = "log";
  }

  /** The next rate up or down. */
  shift(by: 1 | -1): void {
    const at = RATES.indexOf(this.rate);
    this.rate = RATES[Math.min(RATES.length - 1, Math.max(0, (at < 0 ? 2 : at) + by))] as number;
  }

  stop(): void {
    cancelAnimationFrame(this.#raf);
  }
}
