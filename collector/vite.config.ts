import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    target: "es2022",
    lib: {
      entry: "src/index.ts",
      name: "Aftercall",
      formats: ["es", "iife"],
      fileName: (format) => `aftercall-collector.${format === "es" ? "js" : "iife.js"}`,
    },
    sourcemap: false,
    minify: true,
    emptyOutDir: true,
  },
  test: { include: ["tests/**/*.test.ts"] },
});
