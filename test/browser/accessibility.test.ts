import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildReportModel, type ReportModel } from "@loadline/contract";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadReportAssets, renderReport } from "../../packages/console/src/index.ts";
import { fixtureModel } from "../../packages/console/test/fixture-model.ts";
import { hostileTexts } from "../../packages/console/test/hostile-texts.ts";
import { makeBundle } from "../../packages/contract/test/support.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { goTo, launchChromium } from "./chromium.ts";

const parts = await requireParts(["chromium"]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const views = [
  "/",
  "/claims",
  "/claims?q=verdict:not_tested",
  "/claims/chat.c0",
  "/claims/no-such-claim",
  "/not-tested",
  "/findings",
  "/load",
  "/evidence",
  "/evidence/5",
  "/run",
  "/no-such-page",
];

function readyModel(): ReportModel {
  const { run } = makeBundle();
  const verdict = run.fold();
  return buildReportModel({ plan: run.plan, planText: "", records: run.records, verdict });
}

const states: Record<string, () => ReportModel> = {
  "nothing failed and something is not proven": () => fixtureModel({ claims: 40, records: 60 }),
  READY: readyModel,
  "text of a hostile target": () =>
    fixtureModel({ text: hostileTexts[0]?.text ?? "", claims: 9, records: 20 }),
};

describe.skipIf(parts.missing)("the report for everybody (axe-core)", () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "loadline-axe-"));
    browser = await launchChromium(parts.found("chromium").path);
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(model: ReportModel, theme: "light" | "dark", width: number): Promise<Page> {
    const path = join(folder, "report.html");
    await writeFile(path, renderReport(model, await loadReportAssets()));
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme: theme,
    });
    const page = await context.newPage();
    await page.goto(pathToFileURL(path).href);
    return page;
  }

  /** Rule and first place of every violation. */
  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(axe);
    // Of what passes one place each is enough: to name all of them takes most of the time.
    const options = { resultTypes: ["violations"] };
    const run = `axe.run(document, ${JSON.stringify(options)})`;
    const found = await page.evaluate<AxeResults>(run);
    expect(found.passes.length).toBeGreaterThan(10);
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`);
  }

  for (const [state, make] of Object.entries(states)) {
    it.each([
      { theme: "light", width: 320 },
      { theme: "light", width: 1280 },
      { theme: "dark", width: 320 },
      { theme: "dark", width: 1280 },
    ] as const)(
      `${state}: no violation in any view, $theme at $width px`,
      async (o) => {
        const page = await open(make(), o.theme, o.width);
        for (const view of views) {
          await goTo(page, view);
          expect(await violations(page), view).toEqual([]);
        }
        await page.context().close();
      },
      300_000,
    );
  }

  it("the dialog of the keys has no violation and Escape closes it", async () => {
    const page = await open(readyModel(), "light", 1280);
    await page.locator("#main").focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.context().close();
  });

  it("a button without a name is found", async () => {
    const page = await open(readyModel(), "light", 1280);
    await page.evaluate(() => {
      document.querySelector("#main")?.append(document.createElement("button"));
    });
    expect(await violations(page)).toEqual([expect.stringContaining("button-name")]);
    await page.context().close();
  });
});
