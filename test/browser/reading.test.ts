import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ReportModel } from "@loadline/contract";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadReportAssets, renderReport } from "../../packages/console/src/index.ts";
import { fixtureModel } from "../../packages/console/test/fixture-model.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { goTo, launchChromium } from "./chromium.ts";

const parts = await requireParts(["chromium"]);
const screens = ["/", "/claims", "/claims/chat.c0", "/not-tested", "/findings", "/load"].concat([
  "/scorecard",
  "/evidence",
  "/evidence/5",
  "/run",
]);

describe.skipIf(parts.missing)(
  "reading the report without a mouse, large or in few colours",
  () => {
    let browser: Browser;
    let folder: string;
    let files = 0;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "loadline-reading-"));
      browser = await launchChromium(parts.found("chromium").path);
    });
    afterAll(async () => {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    });

    async function open(
      model: ReportModel,
      options: BrowserContextOptions = {},
    ): Promise<{ page: Page } & AsyncDisposable> {
      const path = join(folder, `${(files += 1)}.html`);
      await writeFile(path, renderReport(model, await loadReportAssets()));
      const viewport = { width: 1280, height: 800 };
      const context = await browser.newContext({ viewport, ...options });
      const page = await context.newPage();
      await page.goto(pathToFileURL(path).href);
      return { page, [Symbol.asyncDispose]: () => context.close() };
    }

    const sideways = (page: Page): Promise<number> =>
      page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));

    it("text at twice its size needs no scrolling sideways in any view", async () => {
      await using opened = await open(fixtureModel());
      const { page } = opened;
      const before = await page.locator(".outcome h1").evaluate((h1) => h1.clientHeight);
      await page.evaluate(() => {
        const root = document.documentElement;
        root.style.fontSize = `${2 * Number.parseFloat(getComputedStyle(root).fontSize)}px`;
      });
      expect(await page.locator(".outcome h1").evaluate((h1) => h1.clientHeight)).toBeGreaterThan(
        1.5 * before,
      );
      for (const address of screens) {
        await goTo(page, address);
        expect({ address, wide: await sideways(page) }).toEqual({ address, wide: 0 });
      }
    });

    it("with forced colours every mark is drawn in a colour that stands out, beside its word", async () => {
      await using opened = await open(fixtureModel(), { forcedColors: "active" });
      const { page } = opened;
      await goTo(page, "/claims");
      const rows = await page.locator(".rows .verdict").evaluateAll((all) =>
        all.map((verdict) => {
          const mark = verdict.querySelector("svg.mark");
          return {
            word: verdict.querySelector(".verdict-word")?.textContent ?? "",
            colour: mark === null ? "" : getComputedStyle(mark).color,
            ground: getComputedStyle(document.body).backgroundColor,
          };
        }),
      );
      expect(rows.length).toBeGreaterThan(20);
      for (const { word, colour, ground } of rows) {
        expect(word).toMatch(/^(passed|failed|inconclusive|not_tested|error)$/);
        expect(colour).not.toBe("");
        expect(colour).not.toBe(ground);
      }
    });

    it("the five answers of the first screen are links, headings and buttons with names, by keys alone", async () => {
      await using opened = await open(fixtureModel());
      const { page } = opened;
      const headings = await page.locator("#main :is(h1, h2)").allInnerTexts();
      const words = headings.map((text) =>
        text
          .replace(/[\s\d]+$/, "")
          .trim()
          .toLowerCase(),
      );
      expect(words).toEqual([
        "not_ready",
        "stops ready",
        "proven",
        "not tested",
        "would prove it",
        "reproduce",
        "does not prove",
        "bundle",
      ]);
      const names: string[] = [];
      for (let step = 0; step < 40; step += 1) {
        await page.keyboard.press("Tab");
        const name = await page.evaluate(() => {
          const at = document.activeElement;
          if (at === null || at === document.body) return "";
          const words = `${at.getAttribute("aria-label") ?? ""} ${at.textContent ?? ""}`;
          return `${getComputedStyle(at).outlineStyle} ${words.replace(/\s+/g, " ").trim()}`;
        });
        if (name === "") break;
        names.push(name);
      }
      for (const wanted of [/ Verdict$/, / auth\.c5$/, / claims, .* parts/, / copy reproduce$/]) {
        expect(
          names.filter((name) => wanted.test(name)),
          String(wanted),
        ).not.toEqual([]);
      }
      // What has the focus is seen to have it.
      expect(names.filter((name) => name.startsWith("none"))).toEqual([]);
    });

    it("j walks through more rows than the page holds, and scrolling away keeps the focus in the list", async () => {
      await using opened = await open(fixtureModel({ records: 2_000 }));
      const { page } = opened;
      await goTo(page, "/evidence");
      const at = (): Promise<string | null> =>
        page.evaluate(() => document.activeElement?.textContent ?? null);
      for (let step = 1; step <= 200; step += 1) await page.keyboard.press("j");
      await expect.poll(at).toBe("#200");
      await page.locator(".rows").evaluate((box) => box.scrollTo(0, box.scrollHeight));
      await page.getByRole("link", { name: "#2000", exact: true }).waitFor();
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.closest(".rows") !== null))
        .toBe(true);
    });

    it("the page's code is at most 250 KB", async () => {
      const { script, style } = await loadReportAssets();
      expect(Buffer.byteLength(script + style)).toBeLessThanOrEqual(250_000);
    });

    it("rows in the page do not grow with rows in the run, so filtering many stays quick", async () => {
      const nodes = async (records: number): Promise<number> => {
        await using opened = await open(fixtureModel({ records, slices: 10 }));
        await goTo(opened.page, "/evidence");
        await opened.page.locator("[data-filter]").fill("kind:observation");
        await opened.page.locator(".rows [role=listitem]").first().waitFor();
        return await opened.page.evaluate(() => document.querySelectorAll("*").length);
      };
      const few = await nodes(800);
      expect(await nodes(5_000)).toBeLessThanOrEqual(few + 20);
    });
  },
);
