import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], testTimeout: number) => ({
  test: {
    name,
    include,
    exclude: ["**/node_modules/**", "**/fixtures/**"],
    testTimeout,
    hookTimeout: testTimeout,
    // A state that is awaited may come late on a busy machine; only one that never comes is a fault.
    expect: { poll: { timeout: 10_000 } },
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    // Threads and processes that tests start then need no type stripper of their own.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL("./node_modules/.cache/compile", import.meta.url)),
    },
    projects: [
      project("unit", ["packages/*/{src,test}/**/*.test.{ts,tsx}"], 60_000),
      project("architecture", ["test/architecture/**/*.test.ts"], 60_000),
      project("integration", ["test/integration/**/*.test.ts"], 120_000),
      // What times the machine has it for itself: its files run one after another.
      project("alone", ["test/alone/**/*.test.ts"], 120_000),
      project("conformance", ["test/conformance/**/*.test.ts"], 120_000),
      project("browser", ["test/browser/**/*.test.ts"], 120_000),
      project("e2e", ["test/e2e/**/*.test.ts"], 300_000),
    ],
    coverage: { include: ["packages/*/src/**"], exclude: ["**/*.test.ts"] },
  },
});
