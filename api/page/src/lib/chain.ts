/** The chain of why as a tree to click through: records of a noun under one parent are one group. Pure. */
import type { Why, WhyNode } from "./api";

export interface Group {
  noun: string;
  nodes: WhyNode[];
}

const ORDER = ["highlights", "events", "fused", "speech", "utterances", "sounds", "emotions", "faces", "tracks", "detections", "frames", "audio"];

export type ByKey = ReadonlyMap<string, WhyNode>;

export const byKey = (why: Why): ByKey => new Map(why.nodes.map((n) => [n.key, n]));

/** What records stand on, each once, in groups from the most told to the least. */
export function below(nodes: readonly WhyNode[], all: ByKey): Group[] {
  const groups = new Map<string, Map<string, WhyNode>>();
  for (const key of nodes.flatMap((n) => n.stands_on)) {
    const node = all.get(key);
    if (!node) continue;
    const group = groups.get(node.noun) ?? new Map<string, WhyNode>();
    groups.set(node.noun, group.set(key, node));
  }
  const rank = (noun: string): number => (ORDER.includes(noun) ? ORDER.indexOf(noun) : ORDER.length);
  return [...groups]
    .map(([noun, found]) => ({ noun, nodes: [...found.values()].sort((a, b) => a.start_us - b.start_us || a.offset - b.offset) }))
    .sort((a, b) => rank(a.noun) - rank(b.noun));
}

/** Where a node lies, as people write it. */
export function placeOf(node: WhyNode): string {
  if (!node.topic) return "";
  return `${node.topic}/${node.partition}/${node.offset}${node.last_offset > node.offset ? `…${node.last_offset}` : ""}`;
}
