import { gzipSync } from "node:zlib";
import { minify } from "terser";
import { defineConfig } from "vitest/config";

const MOST_BYTES = 6_144;

export default defineConfig({
  plugins: [
    {
      // Smaller than the bundler's own minifier makes it, which also keeps annotations.
      name: "smallest",
      async generateBundle(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== "chunk") continue;
          const module = file.fileName.endsWith("collector.js");
          const compress = {
            passes: 6,
            ecma: 2020,
            inline: 1,
            unsafe: true,
            pure_getters: true,
            unsafe_arrows: true,
          } as const;
          file.code = (await minify(file.code, { module, compress })).code ?? file.code;
          const bytes = gzipSync(file.code, { level: 9 }).length;
          if (bytes >= MOST_BYTES) this.error(`${file.fileName} has ${bytes} bytes gzipped`);
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
    minify: false,
    emptyOutDir: true,
    rolldownOptions: {
      output: { generatedCode: { symbols: false } },
    },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
