import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { defineConfig } from "vitest/config";

/** The typeface's licence asks to be handed on with it. */
const fontLicence = {
  name: "font-licence",
  generateBundle(this: { emitFile: (file: { type: "asset"; fileName: string; source: string }) => void }) {
    const path = createRequire(import.meta.url).resolve("@fontsource-variable/inter/LICENSE");
    this.emitFile({ type: "asset", fileName: "assets/inter-licence.txt", source: readFileSync(path, "utf8") });
  },
};

export default defineConfig({
  base: "/",
  plugins: [fontLicence],
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
