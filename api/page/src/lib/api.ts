/** The API, typed by its own OpenAPI description. */
import type { components } from "../gen/api";

type Schemas = components["schemas"];
export type Stream = Schemas["Stream"];
export type Session = Schemas["Session"];
export type Lanes = Schemas["Lanes"];
export type Span = Schemas["Span"];
export type Level = Schemas["Level"];
export type Place = Schemas["Place"];
export type Highlight = Schemas["HighlightRow"];
export type TopicRow = Schemas["TopicRow"];
export type LastRecord = Schemas["LastRecord"];
export type Readiness = Schemas["Readiness"];
export type Part = Schemas["Part"];
export type Route = Schemas["Route"];
export type Why = Schemas["Why"];
export type WhyNode = Schemas["WhyNode"];
export type Mark = Schemas["Mark"];
export type RunRow = Schemas["RunRow"];
export type RunRecord = Schemas["RunRecord"];
export type SqlAnswer = Schemas["SqlAnswer"];

/** What records of the log have in common; the rest is the noun's own. */
export interface Rec {
  id: string;
  stream_id: string;
  session_id: string;
  seq: number;
  pts_us: number;
  topic: string;
  partition: number;
  offset: number;
  status: string;
  reason: string;
  [field: string]: unknown;
}

/** An answer that is not what was asked for: what is wrong, and what to do. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly todo: string,
    readonly part: string,
  ) {
    super(message);
  }
}

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  let told: Partial<Schemas["ProblemBody"]> = {};
  try {
    told = (await response.json()) as Partial<Schemas["ProblemBody"]>;
  } catch {
    // a proxy's own page: the status is all there is
  }
  throw new Refusal(response.status, told.detail ?? `HTTP ${response.status}`, told.do ?? "", told.part ?? "");
}

type Query = Record<string, string | number | boolean | undefined>;

export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, v]) => v !== undefined && v !== "");
  const text = new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString();
  return text ? `${path}?${text}` : path;
}

export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return answer<T>(await fetch(address(path, query), signal ? { signal } : {}));
}

export async function readiness(): Promise<Readiness> {
  const response = await fetch("/readyz"); // 503 has the same body: it says which part is away
  if (response.status === 200 || response.status === 503) return (await response.json()) as Readiness;
  return answer<Readiness>(response);
}

/** A SELECT, over every run as it is now; with `run` or `as_of`, every view in it is read as that run was then. */
export async function sql(query: string, limit: number, run = "", as_of = ""): Promise<SqlAnswer> {
  const body = JSON.stringify({ query, limit, run, as_of });
  return answer<SqlAnswer>(await fetch("/api/sql", { method: "POST", headers: { "Content-Type": "application/json" }, body }));
}

export const frameUrl = (p: { topic: string; partition: number; offset: number }): string =>
  `/api/frames/${encodeURIComponent(p.topic)}/${p.partition}/${p.offset}`;
