import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The server writes the path it is reached by into <base>: every address in the page is relative to that, and every
// file lies below ui/. A hash in the name lets caches keep a file for ever (src/prefect/server/pages.py knows the form).
const NAMES = "ui/assets/[name].[hash]";

export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: "../src/prefect/server/ui/static",
    emptyOutDir: true,
    assetsDir: "ui/assets",
    manifest: "manifest.json",
    rolldownOptions: {
      output: {
        entryFileNames: `${NAMES}.js`,
        chunkFileNames: `${NAMES}.js`,
        assetFileNames: `${NAMES}[extname]`,
        // What many screens are made of is one file, not thirty that each wait for a turn. What few use stays with them.
        codeSplitting: {
          groups: [
            { name: "base", test: /node_modules[\\/](svelte|esm-env|graphql-ws)[\\/]/, priority: 2 },
            { name: "parts", test: /src[\\/](parts|words|data|draw)[\\/]/, minShareCount: 4 },
          ],
        },
      },
    },
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: true,
  },
  worker: { format: "es" },
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:4200", ws: true } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
