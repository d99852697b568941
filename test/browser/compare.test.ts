import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { diffRuns, type DiffSide, trendRuns } from "@loadline/contract";
import type { AxeResults } from "axe-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  loadReportAssets,
  renderDiffPage,
  renderTrendPage,
} from "../../packages/console/src/index.ts";
import { fixtureModel } from "../../packages/console/test/fixture-model.ts";
import { makeBundle } from "../../packages/contract/test/support.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { launchChromium } from "./chromium.ts";

const parts = await requireParts(["chromium"]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function sideOf(seed: number): DiffSide {
  const { records, verdict } = fixtureModel({ seed, claims: 12, records: 40 });
  return { plan: makeBundle().run.plan, records, verdict: { ...verdict, run: `run-${seed}` } };
}

const runs = [1, 2, 3, 4].map(sideOf);
const [first, second] = runs;
if (first === undefined || second === undefined) throw new Error("two runs are needed");
const assets = await loadReportAssets();
const pages = {
  diff: renderDiffPage({ a: first, b: second, diff: diffRuns(first, second) }, assets),
  trend: renderTrendPage({ runs, rows: trendRuns(runs) }, assets),
};

describe.skipIf(parts.missing)("pages of two runs and of many, in a browser", () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "loadline-compare-"));
    browser = await launchChromium(parts.found("chromium").path);
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [name, html] of Object.entries(pages)) {
    for (const width of [320, 1280]) {
      for (const theme of ["light", "dark"] as const) {
        it(`${name}, ${width} px, ${theme}: no violation, no scrolling sideways, nothing is loaded`, async () => {
          const path = join(folder, `${name}.html`);
          await writeFile(path, html);
          const viewport = { width, height: 800 };
          await using context = await browser.newContext({ viewport, colorScheme: theme });
          const page = await context.newPage();
          const trouble: string[] = [];
          page.on("console", (message) => trouble.push(message.text()));
          page.on("request", (request) => trouble.push(request.url()));
          const url = pathToFileURL(path).href;
          await page.goto(url);
          expect(trouble.filter((one) => one !== url && !one.startsWith("data:"))).toEqual([]);
          const overflow = await page.evaluate<number>(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          expect(overflow).toBeLessThanOrEqual(0);
          await page.evaluate(axe);
          const found = await page.evaluate<AxeResults>("axe.run(document)");
          expect(found.passes.length).toBeGreaterThan(10);
          expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`)).toEqual(
            [],
          );
        });
      }
    }
  }
});
