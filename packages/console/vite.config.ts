import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Builds the report's app into dist/report.js and dist/report.css, one file each. */
export const reportBuild = defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  logLevel: "warn",
  // Whatever NODE_ENV says where it is built: the page names no file of ours.
  oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: false,
    reportCompressedSize: false,
    lib: {
      entry: "src/app/entry.tsx",
      name: "loadlineReport",
      formats: ["iife"],
      fileName: () => "report.js",
      cssFileName: "report",
    },
  },
});

export default reportBuild;
