import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// `npm run dev` with FRAMELOG_API=http://127.0.0.1:8787 shows the page against a running API.
const api = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env["FRAMELOG_API"];

export default defineConfig({
  plugins: [svelte()],
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0 },
  server: api ? { proxy: { "/api": { target: api, ws: true }, "/readyz": api } } : {},
});
