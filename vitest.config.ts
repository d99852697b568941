import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

interface Suite {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly timeoutMs: number;
  /** Files at once, for two cores: three where most of a test is waiting. */
  readonly files: 1 | 2 | 3;
  /** Whether a bundle as it is published is made for it. */
  readonly isBundled?: true;
}

/**
 * What these expect of a load's verdict is open while more than a quarter of the time something
 * waits for a CPU: beside each other, not beside what starts many processes.
 */
const loads = [
  "closed-port",
  "full-profile",
  "lies",
  "llama-server",
  "load-{busy,dead,examples,gates,k6,ladder,live,locust,quota,services,suite}",
].map((name) => `test/integration/${name}.test.ts`);

const suites: Readonly<Record<string, Suite>> = {
  unit: { include: ["packages/*/{src,test}/**/*.test.{ts,tsx}"], timeoutMs: 60_000, files: 3 },
  architecture: { include: ["test/architecture/**/*.test.ts"], timeoutMs: 60_000, files: 2 },
  integration: {
    include: ["test/integration/**/*.test.ts"],
    exclude: loads,
    timeoutMs: 120_000,
    files: 3,
    isBundled: true,
  },
  "integration-loads": { include: loads, timeoutMs: 120_000, files: 2 },
  // What times the machine has it for itself.
  alone: { include: ["test/alone/**/*.test.ts"], timeoutMs: 120_000, files: 1 },
  conformance: { include: ["test/conformance/**/*.test.ts"], timeoutMs: 120_000, files: 3 },
  browser: { include: ["test/browser/**/*.test.ts"], timeoutMs: 120_000, files: 2 },
  // Each asks for a verdict of READY on what it installed.
  e2e: { include: ["test/e2e/**/*.test.ts"], timeoutMs: 300_000, files: 1 },
};

export default defineConfig({
  test: {
    globalSetup: "test/temporary-folder.ts",
    // Threads and processes that tests start then need no type stripper of their own.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL("./node_modules/.cache/compile", import.meta.url)),
    },
    // In groups: one suite ends before the next begins.
    projects: Object.entries(suites).map(([name, suite], at) => ({
      test: {
        name,
        include: [...suite.include],
        exclude: ["**/node_modules/**", "**/fixtures/**", ...(suite.exclude ?? [])],
        testTimeout: suite.timeoutMs,
        hookTimeout: suite.timeoutMs,
        maxWorkers: suite.files,
        globalSetup: suite.isBundled ? ["test/integration/bundle.ts"] : [],
        sequence: { groupOrder: at + 1 },
        // A state that is awaited may come late on a busy machine; only one that never comes is a fault.
        expect: { poll: { timeout: 10_000 } },
      },
    })),
    coverage: { include: ["packages/*/src/**"], exclude: ["**/*.test.ts"] },
  },
});
