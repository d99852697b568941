import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadReportAssets, renderReport } from "../../packages/console/src/index.ts";
import { type FixtureOptions, fixtureModel } from "../../packages/console/test/fixture-model.ts";
import { buildReportModel, type ReportModel } from "@loadline/contract";
import { makeBundle } from "../../packages/contract/test/support.ts";
import { hostileTexts } from "../../packages/console/test/hostile-texts.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { goTo, launchChromium } from "./chromium.ts";

const parts = await requireParts(["chromium"]);
const widths = [320, 768, 1280, 3840];
const themes = ["light", "dark"] as const;
const addresses = [
  "/",
  "/claims",
  "/claims/chat.c0",
  "/not-tested",
  "/findings",
  "/load",
  "/load/chat/heat",
  "/chaos",
  "/slo",
  "/scorecard",
  "/evidence",
  "/evidence/5",
  "/run",
];
const words = ["READY", "NOT_READY", "NOT_PROVEN"];

interface Opened {
  readonly page: Page;
  /** Console errors, page errors and every request but the file itself. */
  readonly trouble: readonly string[];
}

interface OpenOptions {
  readonly width?: number;
  readonly theme?: "light" | "dark";
  readonly script?: boolean;
  readonly model?: FixtureOptions;
  /** A whole model in place of a generated one. */
  readonly made?: ReportModel;
}

describe.skipIf(parts.missing)("report in a browser", () => {
  let browser: Browser;
  let folder: string;
  let files = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "loadline-report-"));
    browser = await launchChromium(parts.found("chromium").path);
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(options: OpenOptions = {}): Promise<Opened & AsyncDisposable> {
    const { width = 1280, theme = "light", script = true, model = {} } = options;
    files += 1;
    const path = join(folder, `${files}.html`);
    const shown = options.made ?? fixtureModel(model);
    await writeFile(path, renderReport(shown, await loadReportAssets()));
    const context = await browser.newContext({
      viewport: { width, height: width < 500 ? 640 : 800 },
      colorScheme: theme,
      javaScriptEnabled: script,
    });
    const page = await context.newPage();
    const url = pathToFileURL(path).href;
    const trouble: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") trouble.push(message.text());
    });
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("dialog", (dialog) => {
      trouble.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      const asked = request.url().replace(/#.*/, "");
      if (asked !== url && !asked.startsWith("data:")) trouble.push(`request ${asked}`);
    });
    await page.goto(url);
    return { page, trouble, [Symbol.asyncDispose]: () => context.close() };
  }

  for (const theme of themes) {
    it.each(widths)(
      `every view at %i px in ${theme}: no console error, no request, no sideways scrolling`,
      async (width) => {
        await using opened = await open({ width, theme });
        const { page, trouble } = opened;
        for (const address of addresses) {
          await goTo(page, address);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect({ address, wide: Math.max(0, wide) }).toEqual({ address, wide: 0 });
          expect(await page.locator("#main :is(h1, .outcome)").first().isVisible()).toBe(true);
        }
        expect(trouble).toEqual([]);
      },
    );
  }

  it.each(widths)(
    "outcome, counts and the first stopper are above the fold at %i px",
    async (width) => {
      await using opened = await open({ width });
      const height = opened.page.viewportSize()?.height ?? 0;
      for (const place of [".outcome h1", ".counts", ".stop"]) {
        const box = await opened.page.locator(place).first().boundingBox();
        expect(box, place).not.toBeNull();
        expect((box?.y ?? Infinity) + Math.min(box?.height ?? 0, 24)).toBeLessThan(height);
      }
    },
  );

  const readyModel = (): ReportModel => {
    const { run } = makeBundle();
    const verdict = run.fold();
    return buildReportModel({ plan: run.plan, planText: "", records: run.records, verdict });
  };

  it.each(themes)(
    "a READY run's first screen lists what is proven with its figures, in %s",
    async (theme) => {
      await using opened = await open({ made: readyModel(), theme, width: 320 });
      const rows = opened.page.locator(".proven .stop");
      expect(await rows.locator("a.id").allInnerTexts()).toEqual([
        "chat.success",
        "chat.p99",
        "http.up",
      ]);
      expect(await rows.nth(1).innerText()).toMatch(/observed\s+840 ms.*limit\s+2 s/s);
      expect(await rows.nth(2).innerText()).toMatch(/held.*status 200/s);
      expect(await rows.nth(2).innerText()).not.toContain("100 %");
      expect(opened.trouble).toEqual([]);
    },
  );

  it("links to records are as large as a finger needs, long records can be scrolled by key", async () => {
    await using opened = await open({ width: 320 });
    const { page } = opened;
    await goTo(page, "/load");
    const boxes = await page
      .locator(".record-link")
      .evaluateAll((links) => links.map((link) => link.getBoundingClientRect().toJSON()));
    expect(boxes.length).toBeGreaterThan(3);
    for (const box of boxes) expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(24);
    await goTo(page, "/evidence/5");
    await page.locator("pre.untrusted").first().focus();
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("untrusted");
  });

  it("the outcome stands on every view", async () => {
    await using opened = await open();
    for (const address of addresses) {
      await goTo(opened.page, address);
      expect(words).toContain((await opened.page.locator(".top-outcome").innerText()).trim());
    }
  });

  it("without script the verdict, stoppers, commands and digest are readable", async () => {
    await using opened = await open({ script: false, width: 320 });
    const text = await opened.page.locator("main").innerText();
    const { verdict } = fixtureModel();
    for (const wanted of [
      verdict.outcome,
      verdict.sentence,
      "auth.c5",
      "tool_missing",
      "loadline validate --plan plan.yaml",
      verdict.chainHead,
    ]) {
      expect(text).toContain(wanted);
    }
    const wide = await opened.page.evaluate(
      () => document.documentElement.scrollWidth - innerWidth,
    );
    expect(wide).toBeLessThanOrEqual(0);
    expect(opened.trouble).toEqual([]);
  });

  it.each(hostileTexts)("hostile text stays text in every view: $name", async ({ text }) => {
    await using opened = await open({ model: { text, claims: 9, records: 20 }, width: 320 });
    const { page, trouble } = opened;
    const title = await page.title();
    for (const address of addresses) {
      await goTo(page, address);
      const strange = await page
        .locator(
          "#app :is(script, img, iframe, object, embed, form, [onerror], [onload], [style*=url])",
        )
        .count();
      expect(strange, address).toBe(0);
      const links = await page
        .locator("#app a")
        .evaluateAll((all) => all.filter((a) => !a.getAttribute("href")?.startsWith("#/")).length);
      expect(links, address).toBe(0);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(Math.max(0, wide), address).toBe(0);
    }
    expect(await page.title()).toBe(title);
    expect(await page.locator("body").innerText()).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cf}]/u);
    expect(trouble).toEqual([]);
  });

  it("every digit of the page is a figure, an id, a time or verbatim text", async () => {
    await using opened = await open();
    for (const address of addresses) {
      await goTo(opened.page, address);
      const loose = await opened.page.evaluate(() => {
        const walker = document.createTreeWalker(
          document.querySelector("#app") ?? document.body,
          4,
        );
        const found: string[] = [];
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
          const marked = node.parentElement?.closest(".fig, .id, .key, bdi, code, time, svg title");
          if (/\d/.test(node.textContent ?? "") && !marked) found.push(node.textContent ?? "");
        }
        return found;
      });
      expect(loose, address).toEqual([]);
    }
  });

  it("a not tested claim has its own mark and word in every view, never those of passed", async () => {
    await using opened = await open();
    for (const address of ["/claims?q=verdict:not_tested", "/not-tested"]) {
      await goTo(opened.page, address);
      const list = opened.page.locator("#main :is(.rows, .untested)");
      expect(await list.locator(".mark-not_tested").count()).toBeGreaterThan(3);
      expect(await list.locator(".mark-passed").count()).toBe(0);
      expect(await list.innerText()).not.toContain("passed");
    }
  });

  it("5,000 records keep at most 200 rows in the page and the last one is reachable", async () => {
    await using opened = await open({ model: { records: 5_000 } });
    const { page } = opened;
    await goTo(page, "/evidence");
    const rows = page.locator(".rows [role=listitem]");
    expect(await rows.count()).toBeLessThanOrEqual(200);
    await page.locator(".rows").evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await page.getByRole("link", { name: "#5000", exact: true }).waitFor();
    expect(await rows.count()).toBeLessThanOrEqual(200);
    expect(await rows.first().getAttribute("aria-setsize")).toBe("5000");
  });

  it("stopper to record takes three clicks", async () => {
    await using opened = await open();
    const { page } = opened;
    await page.locator(".stop a.id").first().click();
    await page.locator(".evidence-links a").first().click();
    await page.locator("article.record").waitFor();
    await page.waitForURL(/#\/evidence\/\d+$/);
  });

  it("keys move, open, filter, switch the theme and go back", async () => {
    await using opened = await open();
    const { page } = opened;
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.locator("article.claim").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("[data-filter]").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("verdict:failed");
    expect(await page.locator(".rows .mark-failed").count()).toBeGreaterThan(0);
    expect(await page.locator(".rows .mark-passed").count()).toBe(0);
    await page.waitForURL(/q=verdict%3Afailed/);
    await page.keyboard.press("Escape");
    expect(await page.locator(".rows .mark-passed").count()).toBeGreaterThan(0);
    await page.locator("#main").focus();
    await page.keyboard.press("t");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    expect(opened.trouble).toEqual([]);
  });

  it("an unknown claim and an unknown page name the nearest", async () => {
    await using opened = await open();
    await goTo(opened.page, "/claims/chat.c99");
    expect(await opened.page.locator(".notice").innerText()).toMatch(/nearest is\s+\S+\.c/);
    await goTo(opened.page, "/cliams");
    expect(await opened.page.locator(".notice").innerText()).toContain("claims");
  });

  it.each(["CSV", "JSON"])(
    "a list is saved as %s from the page alone, under its policy",
    async (kind) => {
      await using opened = await open();
      const { page, trouble } = opened;
      await goTo(page, "/claims?q=verdict:failed");
      const saved = page.waitForEvent("download");
      await page
        .getByRole("button", { name: new RegExp(`^${kind}`) })
        .first()
        .click();
      const file = await saved;
      expect(file.suggestedFilename()).toBe(`claims.${kind.toLowerCase()}`);
      const text = await readFile(await file.path(), "utf8");
      expect(text).toContain("failed");
      expect(text).not.toContain("passed");
      expect(trouble).toEqual([]);
    },
  );

  it("a chart's address brings it into sight", async () => {
    await using opened = await open({ width: 320 });
    await goTo(opened.page, "/load/chat/heat");
    const box = await opened.page.locator("figure.chart").nth(3).boundingBox();
    expect(Math.abs(box?.y ?? Infinity)).toBeLessThan(640);
    expect(await opened.page.evaluate(() => scrollY)).toBeGreaterThan(400);
  });

  it("a chart's arrow keys read the row of its table, a gap reads not measured", async () => {
    await using opened = await open({ model: { slices: 20 } });
    const { page } = opened;
    await goTo(page, "/load");
    const chart = page.locator("figure.chart").nth(1);
    await chart.locator(".chart-area").focus();
    for (let step = 0; step < 11; step += 1) await page.keyboard.press("ArrowRight");
    expect(await chart.locator(".readout").innerText()).toContain("not measured");
    await chart.getByRole("button", { name: "table" }).click();
    expect(await chart.locator("tbody tr").count()).toBe(20);
    expect(await chart.locator("tbody tr").nth(10).innerText()).toContain("not measured");
  });

  it("printing shows every section, all claims and the digest", async () => {
    await using opened = await open();
    const { page } = opened;
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.locator("figure.chart table").first().waitFor();
    const text = await page.locator("body").innerText();
    const { claims, chainHead } = fixtureModel().verdict;
    for (const claim of claims) expect(text).toContain(claim.id);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".print-footer").innerText()).toContain(chainHead);
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
    expect(opened.trouble).toEqual([]);
  });

  async function verifyHere(
    tamper: (text: string) => string,
  ): Promise<{ readonly said: string; readonly trouble: readonly string[] }> {
    const { files: bundle } = makeBundle();
    const made = readyModel();
    const runFolder = join(folder, `run-${(files += 1)}`);
    for (const [path, bytes] of bundle) {
      await mkdir(dirname(join(runFolder, path)), { recursive: true });
      const changed = path === "evidence.jsonl" ? tamper(Buffer.from(bytes).toString()) : bytes;
      await writeFile(join(runFolder, path), changed);
    }
    await using opened = await open({ made });
    const { page, trouble } = opened;
    await goTo(page, "/run");
    await page.locator(".verify input").setInputFiles(runFolder);
    await page.locator(".verify li").first().waitFor();
    return { said: await page.locator(".verify [role=status]").innerText(), trouble };
  }

  it("verify here recomputes an untouched bundle to the same outcome", async () => {
    const { said, trouble } = await verifyHere((text) => text);
    expect(said).toMatch(/^equal, recomputed outcome READY/);
    expect(trouble).toEqual([]);
  });

  it("verify here names the first record of a changed bundle", async () => {
    const { said } = await verifyHere((text) => text.replace("status 200", "status 500"));
    expect(said).toMatch(/^differs at record #\d+/);
    expect(said).toContain("LL_VERIFY_CHAIN");
  });

  it("a quick run's report is at most 400 KB, a full one at most 4 MB", async () => {
    const assets = await loadReportAssets();
    const bytes = (options: FixtureOptions): number =>
      Buffer.byteLength(renderReport(fixtureModel(options), assets));
    expect(bytes({ records: 250 })).toBeLessThanOrEqual(400_000);
    expect(bytes({ records: 5_000, claims: 300, slices: 600 })).toBeLessThanOrEqual(4_000_000);
  });
});
