/** Bundles the page with Jitsi's own client of statistics. */

import { defineConfig } from "rolldown";

export default defineConfig({
  input: "jitsi-page.js",
  platform: "browser",
  output: { format: "iife", file: process.env.BUNDLE },
});
