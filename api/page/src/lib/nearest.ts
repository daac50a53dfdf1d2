/** The record of a moment, out of records sorted by time. */

export interface Timed {
  pts_us: number;
}

/** Index of the last one at or before `us`, -1 if there is none. */
export function lastBefore(sorted: readonly Timed[], us: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Timed).pts_us <= us) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The nearest one, if it is at most `within_us` away. */
export function nearest<T extends Timed>(sorted: readonly T[], us: number, within_us: number): T | undefined {
  const at = lastBefore(sorted, us);
  const best = [sorted[at], sorted[at + 1]]
    .filter((r): r is T => r !== undefined)
    .sort((a, b) => Math.abs(a.pts_us - us) - Math.abs(b.pts_us - us))[0];
  return best && Math.abs(best.pts_us - us) <= within_us ? best : undefined;
}
