import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    outDir: fileURLToPath(new URL("../src/aftercall/_static/dashboard", import.meta.url)),
    emptyOutDir: true,
    // Everything stays a file of its own: the page's policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // Half an hour beside UTC, so that no mistaken zone goes unseen.
  test: { include: ["tests/**/*.test.ts"], env: { TZ: "Asia/Kolkata" } },
});
