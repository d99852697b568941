import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "rolldown";

const cliDir = fileURLToPath(new URL(".", import.meta.url));
const packagesDir = join(cliDir, "..");
const distDir = join(cliDir, "dist");

/** Entries that another thread or process starts, by the name of their file in the bundle. */
const entries: Readonly<Record<string, string>> = {
  main: join(cliDir, "src/main.ts"),
  "model-host": join(packagesDir, "gateway/src/models/host/main.ts"),
  "sql-worker": join(packagesDir, "gateway/src/state/sqlite/sql-worker.ts"),
  "worker-main": join(packagesDir, "gateway/src/workers/worker-main.ts"),
  "load-thread": join(packagesDir, "validator/src/load/engine/thread.ts"),
  "load-sender": join(packagesDir, "validator/src/load/engine/sender-thread.ts"),
  "load-process": join(packagesDir, "validator/src/load/engine/process.ts"),
  "load-inspect": join(packagesDir, "validator/src/load/scenario/inspect/inspect-thread.ts"),
  "load-hooks": join(packagesDir, "validator/src/load/scenario/hooks/hooks-thread.ts"),
  // node-llama-cpp forks this file to try a binary before it loads it.
  testBindingBinary: join(
    packagesDir,
    "../node_modules/node-llama-cpp/dist/bindings/utils/testBindingBinary.js",
  ),
  "pacer-thread": join(packagesDir, "validator/src/load/engine/pacer-thread.ts"),
};

/** Files the bundle reads at run time, by their place beside it. */
const assets: Readonly<Record<string, string>> = {
  "console/report.js": "console/dist/report.js",
  "console/report.css": "console/dist/report.css",
  "models/tiny/loadline-tiny.gguf": "gateway/models/tiny/loadline-tiny.gguf",
  "models/tiny/SHA256SUMS": "gateway/models/tiny/SHA256SUMS",
  "llama-cpp/package.json": "../node_modules/node-llama-cpp/package.json",
  "llama-cpp/LICENSE": "../node_modules/node-llama-cpp/LICENSE",
  "llama-cpp/llama/binariesGithubRelease.json":
    "../node_modules/node-llama-cpp/llama/binariesGithubRelease.json",
  "llama-cpp/llama/llama.cpp.info.json": "../node_modules/node-llama-cpp/llama/llama.cpp.info.json",
};

const entryUrl = /new URL\(\s*"(\.{1,2}\/[^"]+\.ts)",\s*import\.meta\.url,?\s*\)/g;

/** Sources name a started entry by its `.ts` beside them; in the bundle it is a `.js` in dist. */
function startedEntries(): Plugin {
  return {
    name: "started-entries",
    transform(code, id) {
      if (!code.includes("import.meta.url") || id.includes("node_modules")) return null;
      return code.replace(entryUrl, (_all, path: string) => {
        const file = resolve(dirname(id), path);
        const name = Object.keys(entries).find((one) => entries[one] === file);
        if (name === undefined) throw new Error(`${relative(packagesDir, file)}: no bundle entry`);
        return `new URL("./${name}.js", import.meta.url)`;
      });
    },
  };
}

/** node-llama-cpp finds its own files from where its code lies; here that is `llama-cpp/`. */
function llamaFiles(): Plugin {
  return {
    name: "llama-files",
    transform(code, id) {
      if (id.endsWith("/node-llama-cpp/dist/config.js")) {
        return code.replaceAll('path.join(__dirname, "..",', 'path.join(__dirname, "llama-cpp",');
      }
      if (id.endsWith("/node-llama-cpp/dist/utils/getModuleVersion.js")) {
        return code.replace('"..", "..", "package.json"', '"llama-cpp", "package.json"');
      }
      return null;
    },
  };
}

/** Puts the assets beside the code, and stops when one was not built. */
function copyAssets(): Plugin {
  return {
    name: "copy-assets",
    renderStart({ dir = distDir }) {
      rmSync(dir, { recursive: true, force: true });
    },
    writeBundle({ dir = distDir }) {
      for (const [to, from] of Object.entries(assets)) {
        mkdirSync(dirname(join(dir, to)), { recursive: true });
        copyFileSync(join(packagesDir, from), join(dir, to));
      }
    },
  };
}

export default defineConfig({
  input: { ...entries },
  platform: "node",
  external: [/^@node-llama-cpp\//, "@reflink/reflink"],
  plugins: [startedEntries(), llamaFiles(), copyAssets()],
  output: {
    dir: distDir,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    // The text of code stays in memory: no white space, and of the comments the licences alone.
    comments: { legal: true, annotation: false, jsdoc: false },
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
});
