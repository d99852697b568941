import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], testTimeout: number) => ({
  test: {
    name,
    include,
    exclude: ["**/node_modules/**", "**/fixtures/**"],
    testTimeout,
    hookTimeout: testTimeout,
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project("unit", ["packages/*/{src,test}/**/*.test.{ts,tsx}"], 20_000),
      project("architecture", ["test/architecture/**/*.test.ts"], 60_000),
      project("integration", ["test/integration/**/*.test.ts"], 120_000),
      project("conformance", ["test/conformance/**/*.test.ts"], 120_000),
      project("browser", ["test/browser/**/*.test.ts"], 120_000),
      project("e2e", ["test/e2e/**/*.test.ts"], 300_000),
    ],
    coverage: { include: ["packages/*/src/**"], exclude: ["**/*.test.ts"] },
  },
});
