/** Where the stations of the route stand on paper: pure. Columns by depth, a row for every input. */
import type { Route } from "./api";

export interface Port {
  noun: string;
  rate_hz: number;
  lag: number | null;
}

export interface Station {
  name: string;
  kind: string;
  ports: Port[];
  x: number;
  y: number;
  height: number;
}

export interface Wire {
  noun: string;
  to: string;
  from: string;
  path: string;
  rate_hz: number;
  lag: number | null;
}

export interface Graph {
  stations: Station[];
  wires: Wire[];
  width: number;
  height: number;
}

export const WIDTH = 158;
export const HEAD = 24;
export const ROW = 17;
const GAP_X = 44;
const GAP_Y = 14;
const SOURCE = "ingest";

/** Longest way from the sources to each station. A graph with a ring would not end: depth is bounded. */
export function depths(route: Route): Map<string, number> {
  const writer = new Map(route.nodes.filter((n) => n.writes).map((n) => [n.writes as string, n.name]));
  const depth = new Map(route.nodes.map((n) => [n.name, 1]));
  for (let round = 0; round < route.nodes.length; round += 1)
    for (const node of route.nodes)
      for (const noun of node.reads) {
        const from = writer.get(noun);
        const wanted = (from ? (depth.get(from) ?? 0) : 0) + 1;
        if (from !== node.name && wanted > (depth.get(node.name) ?? 0) && wanted <= route.nodes.length) depth.set(node.name, wanted);
      }
  return depth;
}

/** The drawing. Whoever only reads (sinks) is left out: it reads everything. */
export function graph(route: Route): Graph {
  const shown = { ...route, nodes: route.nodes.filter((n) => n.writes) };
  const depth = depths(shown);
  const writer = new Map(shown.nodes.map((n) => [n.writes as string, n.name]));
  const raw = [...new Set(shown.nodes.flatMap((n) => n.reads).filter((noun) => !writer.has(noun)))];
  const rate = new Map(route.edges.map((e) => [e.noun, e.rate_hz]));
  const stations: Station[] = [
    { name: SOURCE, kind: "source", ports: raw.map((noun) => ({ noun, rate_hz: rate.get(noun) ?? 0, lag: null })), x: 0, y: 0, height: HEAD + raw.length * ROW + 6 },
  ];
  const columns = new Map<number, number>();
  for (const node of shown.nodes) {
    const column = depth.get(node.name) ?? 1;
    const ports = node.reads.map((noun) => {
      const edge = route.edges.find((e) => e.to === node.name && e.noun === noun);
      return { noun, rate_hz: edge?.rate_hz ?? 0, lag: edge?.lag ?? null };
    });
    const y = columns.get(column) ?? 0;
    const height = HEAD + ports.length * ROW + 6;
    columns.set(column, y + height + GAP_Y);
    stations.push({ name: node.name, kind: node.kind, ports, x: column * (WIDTH + GAP_X), y, height });
  }
  const tallest = Math.max(stations[0]?.height ?? 0, ...[...columns.values()].map((h) => h - GAP_Y));
  for (const station of stations) {
    const column = Math.round(station.x / (WIDTH + GAP_X));
    const high = column === 0 ? station.height : (columns.get(column) ?? 0) - GAP_Y;
    station.y += (tallest - high) / 2;
  }
  return { stations, wires: wires(stations, writer), width: Math.max(...stations.map((s) => s.x)) + WIDTH, height: tallest };
}

function wires(stations: Station[], writer: Map<string, string>): Wire[] {
  const by = new Map(stations.map((s) => [s.name, s]));
  return stations.slice(1).flatMap((to) =>
    to.ports.map((port, n) => {
      const from = by.get(writer.get(port.noun) ?? SOURCE) as Station;
      const row = from.name === SOURCE ? HEAD + from.ports.findIndex((p) => p.noun === port.noun) * ROW + ROW / 2 : HEAD / 2;
      const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + row, to.x, to.y + HEAD + n * ROW + ROW / 2];
      const bend = Math.max(24, Math.min(70, (x2 - x1) / 2));
      return { ...port, to: to.name, from: from.name, path: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` };
    }),
  );
}
