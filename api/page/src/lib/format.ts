/** Numbers and times as people read them, with units. */

const pad = (n: number, width = 2): string => String(n).padStart(width, "0");

/** Stream time: 00:23.7, from an hour on 1:02:03.4; with `digits` decimals. */
export function clockTime(us: number, digits = 1): string {
  const sign = us < 0 ? "−" : "";
  const unit = 10 ** digits;
  const ticks = Math.floor((Math.abs(us) / 1e6) * unit + 1e-6);
  const whole = Math.floor(ticks / unit);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = pad(whole % 60) + (digits ? `.${pad(ticks % unit, digits)}` : "");
  return sign + (hours ? `${hours}:${pad(minutes)}:${rest}` : `${pad(minutes)}:${rest}`);
}

/** Wall clock in the viewer's zone. */
export function wallTime(us: number, withDate = false): string {
  const at = new Date(us / 1000);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  return withDate ? `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}` : time;
}

/** How long: 0.4 s, 12 s, 3 min, 5 h, 2 d. */
export function duration(us: number): string {
  const s = us / 1e6;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

/** Bytes in decimal units. */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (n >= 1000 && at < units.length - 1) {
    n /= 1000;
    at += 1;
  }
  return `${at === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[at]}`;
}

/** 1,234,567 with thin spaces. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

export const words = (kind: string): string => kind.replaceAll("_", " ");
