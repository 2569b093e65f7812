import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    lib: {
      entry: "src/precall.ts",
      name: "AftercallPrecall",
      formats: ["es", "iife"],
      fileName: (format) => `aftercall-precall.${format === "es" ? "js" : "iife.js"}`,
    },
    emptyOutDir: false,
    rolldownOptions: { output: { minify: true, generatedCode: { symbols: false } } },
  },
});
