/** Bundles the page with the how-to's own code: `HOOK` and `COLLECTOR` name the files. */

import { resolve } from "node:path";
import { defineConfig } from "rolldown";

export default defineConfig({
  input: "react-page.jsx",
  platform: "browser",
  resolve: {
    // The how-to's code lies elsewhere.
    modules: [resolve("node_modules")],
    alias: { "how-to/react": process.env.HOOK, "aftercall-collector": process.env.COLLECTOR },
  },
  transform: { define: { "process.env.NODE_ENV": '"development"' } },
  output: { format: "iife", file: process.env.BUNDLE },
});
