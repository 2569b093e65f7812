// Copies the builds to the folder that the server serves, and checks their size.
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MOST_GZIPPED_BYTES = 6 * 1024;
const target = new URL("../../src/aftercall/_static/collector/", import.meta.url);
mkdirSync(target, { recursive: true });
for (const name of [
  "aftercall-collector.js",
  "aftercall-collector.iife.js",
  "aftercall-precall.js",
  "aftercall-precall.iife.js",
]) {
  const built = new URL(`../dist/${name}`, import.meta.url);
  const bytes = gzipSync(readFileSync(built), { level: 9 }).length;
  if (bytes > MOST_GZIPPED_BYTES) {
    console.error(`${name}: ${bytes} bytes gzipped, at most ${MOST_GZIPPED_BYTES}`);
    process.exit(1);
  }
  cpSync(built, new URL(name, target));
}
