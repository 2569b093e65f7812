import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/try/",
  resolve: {
    alias: {
      "aftercall-collector": fileURLToPath(new URL("../../collector/src/index.ts", import.meta.url)),
    },
  },
  build: {
    target: "es2022",
    outDir: fileURLToPath(new URL("../../src/aftercall/_static/try", import.meta.url)),
    emptyOutDir: true,
    // Everything stays a file of its own: the page's policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
