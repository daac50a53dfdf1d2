import { describe, expect, it } from "vitest";
import type { Route, Why, WhyNode } from "../src/lib/api";
import { below, byKey, placeOf } from "../src/lib/chain";
import { depths, graph } from "../src/lib/graph";

const node = (key: string, stands_on: string[], more: Partial<WhyNode> = {}): WhyNode => ({
  key, noun: key.split(":")[0] as string, id: key, state: "log", why: "", run: "live", start_us: 0, end_us: 0, text: "", topic: "t", partition: 0,
  offset: 1, last_offset: 1, raw: false, stands_on, ...more,
});
const why = (...nodes: WhyNode[]): Why => ({ root: nodes[0]?.key ?? "", run: "live", stream_id: "", session_id: "", nodes, missing: 0, frame: null, marks: [] });

describe("the chain as groups", () => {
  it("has no groups where nothing is stood on", () => expect(below([node("a:1", [])], byKey(why()))).toEqual([]));
  it("puts each record once, in the nouns' order and by time", () => {
    const all = byKey(why(node("highlights:1", ["frames:1", "fused:2", "fused:1"]), node("fused:1", [], { start_us: 1 }), node("fused:2", [], { start_us: 2 }), node("frames:1", [])));
    const groups = below([all.get("highlights:1") as WhyNode, all.get("highlights:1") as WhyNode], all);
    expect(groups.map((g) => [g.noun, g.nodes.map((n) => n.key)])).toEqual([["fused", ["fused:1", "fused:2"]], ["frames", ["frames:1"]]]);
  });
  it("leaves out what the answer does not hold", () => expect(below([node("a:1", ["b:1"])], byKey(why()))).toEqual([]));
  it("names a stretch by its ends", () => {
    expect(placeOf(node("audio:1", [], { offset: 3, last_offset: 9 }))).toBe("t/0/3…9");
    expect(placeOf(node("audio:1", [], { topic: "" }))).toBe("");
  });
});

describe("the route on paper", () => {
  const of = (...nodes: [string, string[], string | null][]): Route => ({
    nodes: nodes.map(([name, reads, writes]) => ({ name, kind: "map", reads, writes, lag: 0 })),
    edges: nodes.flatMap(([name, reads]) => reads.map((noun) => ({ topic: noun, noun, to: name, lag: 1, rate_hz: 2 }))),
    watermarks: {},
  });
  it("is drawn without stations", () => expect(graph(of()).stations).toHaveLength(1));
  it("puts a station right of everything it reads", () => {
    const route = of(["boxes", ["frames"], "boxes"], ["tracks", ["boxes"], "tracks"], ["both", ["frames", "tracks"], "both"]);
    expect([...depths(route).values()]).toEqual([1, 2, 3]);
    const { stations, wires } = graph(route);
    const x = new Map(stations.map((s) => [s.name, s.x]));
    for (const wire of wires) expect(x.get(wire.from)).toBeLessThan(x.get(wire.to) as number);
    expect(wires).toHaveLength(4);
  });
  it("ends on a ring, and leaves out who only reads", () => {
    const route = of(["a", ["b"], "a"], ["b", ["a"], "b"], ["sink", ["a", "b"], null]);
    expect(graph(route).stations.map((s) => s.name)).toEqual(["ingest", "a", "b"]);
  });
  it("puts no two stations of a column over each other", () => {
    const { stations } = graph(of(["a", ["f"], "a"], ["b", ["f", "g"], "b"], ["c", ["g"], "c"]));
    for (const s of stations) for (const t of stations) if (s !== t && s.x === t.x && s.y <= t.y) expect(s.y + s.height).toBeLessThanOrEqual(t.y);
  });
});
