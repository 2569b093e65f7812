import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    {
      name: "no-annotations",
      generateBundle(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type === "chunk") file.code = file.code.replaceAll("/* @__PURE__ */ ", "");
        }
      },
    },
  ],
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
    rolldownOptions: {
      output: { minify: true, generatedCode: { symbols: false } },
    },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
