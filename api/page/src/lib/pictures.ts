/** Decoded pictures by address, the last ones kept; what is asked for twice is fetched once. */

const KEPT = 120;
const AT_ONCE = 6;
const AGAIN_MS = 5000;

export class Pictures {
  trouble = "";
  #kept = new Map<string, ImageBitmap>();
  #failed_ms = new Map<string, number>();
  #coming = new Map<string, Promise<ImageBitmap | undefined>>();

  constructor(
    readonly height_px = 0,
    readonly onload: () => void = () => {},
  ) {}

  /** The picture if it is here; asks for it if not. */
  have(url: string): ImageBitmap | undefined {
    const image = this.#kept.get(url);
    if (!image && this.#coming.size < AT_ONCE) void this.get(url);
    return image;
  }

  want(url: string): void {
    if (this.#coming.size < AT_ONCE) void this.get(url);
  }

  async get(url: string): Promise<ImageBitmap | undefined> {
    const here = this.#kept.get(url);
    if (here || performance.now() - (this.#failed_ms.get(url) ?? -Infinity) < AGAIN_MS) return here;
    let coming = this.#coming.get(url);
    if (!coming) {
      coming = this.#fetch(url);
      this.#coming.set(url, coming);
    }
    return coming;
  }

  async #fetch(url: string): Promise<ImageBitmap | undefined> {
    try {
      const response = await fetch(url);
      if (!response.ok) {
        this.trouble = ((await response.json()) as { detail?: string }).detail ?? `HTTP ${response.status}`;
        this.#failed_ms.set(url, performance.now());
        return undefined;
      }
      const small = this.height_px ? { resizeHeight: this.height_px, resizeQuality: "medium" as const } : {};
      const image = await createImageBitmap(await response.blob(), small);
      if (url.startsWith("/api/frames/")) this.#kept.set(url, image); // what lies at an offset never changes
      if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value as string);
      return image;
    } catch {
      this.trouble = "the picture did not come";
      this.#failed_ms.set(url, performance.now());
      return undefined;
    } finally {
      this.#coming.delete(url);
      this.onload();
    }
  }
}
