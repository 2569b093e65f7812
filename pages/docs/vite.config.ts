import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/docs/",
  build: {
    target: "es2022",
    outDir: fileURLToPath(new URL("../../src/aftercall/_static/docs", import.meta.url)),
    emptyOutDir: true,
    // Everything stays a file of its own: the page's policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "guide.html"].map((name) => fileURLToPath(new URL(name, import.meta.url))) },
    // Swagger UI is one file of its makers.
    chunkSizeWarningLimit: 2_000,
  },
});
