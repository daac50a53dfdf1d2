/** Arithmetic of the time axis: pure, in microseconds and CSS pixels. */

export interface View {
  from_us: number;
  to_us: number;
}

export const FRAME_US = 40_000;
export const NARROWEST_US = 5 * FRAME_US;
export const WIDEST_US = 3 * 86_400e6;

export const xOf = (us: number, view: View, width: number): number =>
  ((us - view.from_us) / (view.to_us - view.from_us)) * width;

export const usAt = (x: number, view: View, width: number): number =>
  view.from_us + (x / width) * (view.to_us - view.from_us);

/** Zooms by a factor (below 1: nearer) and keeps `at_us` where it is on the screen. */
export function zoom(view: View, factor: number, at_us: number): View {
  const span = view.to_us - view.from_us;
  const wanted = Math.min(WIDEST_US, Math.max(NARROWEST_US, span * factor));
  const share = (at_us - view.from_us) / span;
  const from = Math.round(at_us - share * wanted);
  return { from_us: from, to_us: from + Math.round(wanted) };
}

export function pan(view: View, by_us: number): View {
  const by = Math.round(by_us);
  return { from_us: view.from_us + by, to_us: view.to_us + by };
}

/** The view moved, if need be, so that a moment is in it with some air around; never to show what lies outside of `all`. */
export function keepInView(view: View, us: number, all: View, air = 0.1): View {
  const span = view.to_us - view.from_us;
  let by = 0;
  if (us < view.from_us + span * air * 0.2) by = Math.min(0, Math.max(us - span * air, all.from_us) - view.from_us);
  if (us > view.to_us - span * air * 0.2) by = Math.max(0, Math.min(us + span * air, all.to_us) - view.to_us);
  return Math.round(by) === 0 ? view : pan(view, by);
}

const STEPS_S = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/** Distance of labels so that they stand at least `room` pixels apart. */
export function tickStep(view: View, width: number, room = 84): number {
  const least = ((view.to_us - view.from_us) / Math.max(1, width)) * room;
  return (STEPS_S.find((s) => s * 1e6 >= least) ?? 86_400) * 1e6;
}

export function ticks(view: View, width: number, offset_us = 0): number[] {
  const step = tickStep(view, width);
  const out: number[] = [];
  for (let at = Math.ceil((view.from_us + offset_us) / step) * step; at <= view.to_us + offset_us; at += step) out.push(at - offset_us);
  return out;
}

/** What to fetch for a view: half a screen more on each side, so that small pans need no wait. */
export function padded(view: View): View {
  const air = Math.round((view.to_us - view.from_us) / 2);
  return { from_us: view.from_us - air, to_us: view.to_us + air };
}

/** Whether what was fetched still serves: it covers the view and is not much coarser or finer. */
export function serves(fetched: View, view: View): boolean {
  const ratio = (fetched.to_us - fetched.from_us) / (view.to_us - view.from_us);
  return fetched.from_us <= view.from_us && fetched.to_us >= view.to_us && ratio < 3.2;
}
