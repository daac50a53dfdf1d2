import { onMount } from "svelte";
import { get, Refusal } from "./api";

const EVERY_MS = 3000;

/** What a path of the API answers now, asked again every three seconds for as long as its part is shown. */
export class Polled<T> {
  value: T | null = $state.raw(null);
  /** Why the last question had no answer; empty where it had one. What was answered before stays. */
  trouble = $state("");
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    onMount(() => {
      void this.#load();
      const timer = setInterval(() => void this.#load(), EVERY_MS);
      return () => clearInterval(timer);
    });
  }

  async #load(): Promise<void> {
    try {
      this.value = await get<T>(this.#path);
      this.trouble = "";
    } catch (error) {
      this.trouble = error instanceof Refusal ? `${error.message}. ${error.todo}` : "the API does not answer";
    }
  }
}
