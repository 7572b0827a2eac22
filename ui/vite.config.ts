import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The page is written below /, and the server writes its own <base>: every address in it is relative.
export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: "../src/prefect/server/ui/static",
    emptyOutDir: true,
    assetsDir: "ui/assets",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: true,
  },
  worker: { format: "es" },
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:4200", ws: true } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
