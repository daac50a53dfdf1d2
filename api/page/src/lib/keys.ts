/** Keys of the whole page. */
import { flushSync } from "svelte";
import { sound } from "./sound.svelte";
import type { Watch } from "./watch.svelte";

export const KEYS: [string, string][] = [
  ["Space, K", "play, pause"],
  ["← →", "one second back, forth (Shift: ten)"],
  [", .", "one frame back, forth"],
  ["J L", "slower, faster"],
  ["M", "sound on, off"],
  ["+ −", "zoom the timeline (or Ctrl and wheel)"],
  ["0", "show the whole session"],
  ["End", "back to live, or to the end"],
  ["Home", "to the begin"],
  ["N P", "next, previous highlight"],
  ["1 2 3 4", "Live, Timeline, Highlights, Topics"],
  ["/", "search highlights"],
  ["?", "this list"],
  ["Esc", "close"],
];

const SECOND_US = 1e6;
const STEP_US = 100_000;

export function handle(event: KeyboardEvent, watch: Watch): void {
  const on = event.target as HTMLElement | null;
  if (event.key === "Escape") {
    if (watch.keysShown) watch.keysShown = false;
    else if (watch.opened) watch.opened = null;
    else if (watch.playing) watch.goTo(watch.clock.now_us, false);
    else on?.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (on && /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName)) return;
  if (on?.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
  const act = action(event, watch);
  if (!act) return;
  event.preventDefault();
  act();
}

function action(event: KeyboardEvent, watch: Watch): (() => void) | undefined {
  const { clock } = watch;
  const step = (us: number) => () => send("seek", clock.now_us + us, watch);
  switch (event.key) {
    case " ":
    case "k":
    case "K":
      return () => send("toggle", 0, watch);
    case "ArrowLeft":
      return step(event.shiftKey ? -10 * SECOND_US : -SECOND_US);
    case "ArrowRight":
      return step(event.shiftKey ? 10 * SECOND_US : SECOND_US);
    case ",":
      return step(-STEP_US);
    case ".":
      return step(STEP_US);
    case "j":
    case "J":
      return () => clock.shift(-1);
    case "l":
    case "L":
      return () => clock.shift(1);
    case "m":
    case "M":
      return () => sound.toggle();
    case "Home":
      return () => watch.goTo(watch.session?.first_us ?? 0, false);
    case "End":
      return () => watch.backToLive();
    case "n":
    case "N":
    case "p":
    case "P":
      return () => jump(watch, event.key.toLowerCase() === "n");
    case "+":
    case "=":
      return () => zoomBy(0.5);
    case "-":
    case "−":
    case "_":
      return () => zoomBy(2);
    case "0":
      return () => zoomBy(0);
    case "/":
      return () => {
        // At once: what is typed in the same breath is the search, not twelve shortcuts.
        if (watch.tab === "topics" || watch.tab === "timeline") flushSync(() => watch.show("highlights"));
        document.querySelector<HTMLInputElement>("#search")?.focus();
      };
    case "?":
      return () => (watch.keysShown = !watch.keysShown);
    case "1":
      return () => watch.show("live");
    case "2":
      return () => watch.show("timeline");
    case "3":
      return () => watch.show("highlights");
    case "4":
      return () => watch.show("topics");
    default:
      return undefined;
  }
}

/** While a clip plays the video element is the clock, so it is asked; else the clock itself. */
function send(what: "seek" | "toggle", us: number, watch: Watch): void {
  const { clock } = watch;
  const video = clock.mode === "clip" ? document.querySelector<HTMLVideoElement>("video#clip") : null;
  if (video && what === "toggle") void (video.paused ? video.play() : video.pause());
  else if (video) video.currentTime = Math.max(0, video.currentTime + (us - clock.now_us) / 1e6);
  else if (what === "toggle") {
    if (clock.mode === "log" && !clock.playing && clock.now_us >= clock.last_us) watch.goTo(watch.session?.first_us ?? 0, true);
    else clock.toggle();
    watch.writeAddress();
  } else watch.goTo(us);
}

const zoomBy = (factor: number): void => void dispatchEvent(new CustomEvent("framelog:zoom", { detail: factor }));

function jump(watch: Watch, forth: boolean): void {
  const here = watch.clock.now_us;
  const mine = watch.highlights
    .filter((h) => h.stream_id === watch.streamId && h.session_id === watch.sessionId)
    .sort((a, b) => a.start_us - b.start_us);
  const to = forth ? mine.find((h) => h.start_us > here + 1000) : mine.findLast((h) => h.start_us < here - 1_500_000);
  if (to) watch.goTo(to.start_us);
}
