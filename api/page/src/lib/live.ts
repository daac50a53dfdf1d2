/** What happens now, pushed: by WebSocket, and by server-sent events where a proxy lets no WebSocket through. */
import type { Rec } from "./api";

export interface Message {
  type: "state" | "item" | "highlight" | "lost";
  noun: string;
  stream: string;
  record: Rec;
}

export interface Listener {
  heard(messages: Message[]): void;
  connected(yes: boolean): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const SILENT_MS = 25_000;

/** Listens until the returned function is called; comes back by itself, with growing pauses. */
export function listen(listener: Listener): () => void {
  let stopped = false;
  let failures = 0;
  let socket: WebSocket | undefined;
  let events: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const alive = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => socket?.close(), SILENT_MS);
  };
  const heard = (text: string): void => {
    failures = 0;
    listener.connected(true);
    const messages = JSON.parse(text) as Message[];
    if (messages.length) listener.heard(messages);
  };
  const again = (): void => {
    listener.connected(false);
    clearTimeout(silence);
    if (stopped) return;
    failures += 1;
    timer = setTimeout(failures === 3 ? bySse : bySocket, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 5)));
  };
  const bySse = (): void => {
    events = new EventSource("/api/live/sse");
    events.onmessage = (event) => heard(event.data as string);
    events.onerror = () => {
      events?.close();
      again();
    };
  };
  const bySocket = (): void => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/api/live`);
    socket.binaryType = "arraybuffer";
    const utf8 = new TextDecoder();
    socket.onopen = alive;
    socket.onmessage = (event) => {
      alive();
      heard(utf8.decode(event.data as ArrayBuffer));
    };
    socket.onclose = again;
  };
  bySocket();
  return () => {
    stopped = true;
    clearTimeout(timer);
    clearTimeout(silence);
    socket?.close();
    events?.close();
  };
}
