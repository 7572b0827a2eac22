// Writes a brotli and a gzip form beside each built file that they make smaller: `node compress.js FOLDER`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TEXTS = new Set([".css", ".js", ".json", ".svg", ".txt", ".webmanifest"]);
const SMALLEST = 256;

for (const entry of readdirSync(process.argv[2], { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXTS.has(extname(entry.name))) continue;
  const path = join(entry.parentPath, entry.name);
  const text = readFileSync(path);
  if (text.length < SMALLEST) continue;
  const forms = {
    ".gz": gzipSync(text, { level: 9 }),
    ".br": brotliCompressSync(text, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
      },
    }),
  };
  for (const [ending, form] of Object.entries(forms)) {
    if (form.length < text.length) writeFileSync(path + ending, form);
  }
}
