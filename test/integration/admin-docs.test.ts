import type { Browser, Page } from "playwright-core";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminRoutes } from "../../packages/gateway/src/admin/surfaces/table.ts";
import { runGateway, type Running } from "../../packages/gateway/test/harness.ts";
import { launchChromium } from "../browser/chromium.ts";

const parts = await requireParts(["chromium"]);

describe.skipIf(parts.missing)("the admin API's page in Chromium", () => {
  let gateway: Running;
  let browser: Browser;

  beforeAll(async () => {
    gateway = await runGateway();
    browser = await launchChromium(parts.found("chromium").path);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.[Symbol.asyncDispose]();
  });

  /** Opens the page and keeps everything that went wrong and every request it made. */
  async function open(width: number): Promise<{ page: Page; trouble: string[]; asked: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const trouble: string[] = [];
    const asked: string[] = [];
    page.on("console", (message) => {
      if (message.type() !== "log") trouble.push(message.text());
    });
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("request", (request) => asked.push(request.url()));
    const response = await page.goto(`${gateway.url}/admin/docs`);
    expect(response?.status()).toBe(200);
    expect(response?.headers()["content-security-policy"]).toContain("default-src 'none'");
    return { page, trouble, asked };
  }

  it("lists every operation, asks for nothing else and writes no error", async () => {
    const { page, trouble, asked } = await open(1280);
    expect(await page.locator("details").count()).toBe(adminRoutes.length);
    for (const { surface, summary } of adminRoutes) {
      const text = await page.locator(`[id="${surface.id}"] summary`).innerText();
      expect(text).toContain(summary);
    }
    expect(trouble).toEqual([]);
    const foreign = asked.filter((url) => !url.startsWith("data:"));
    expect(foreign).toEqual([`${gateway.url}/admin/docs`]);
    await page.close();
  });

  it("is styled by its own style, which the policy names by hash", async () => {
    const { page } = await open(1280);
    const family = await page.locator("body").evaluate((body) => getComputedStyle(body).fontFamily);
    expect(family).toContain("system-ui");
    await page.close();
  });

  it("opens an operation by keyboard and shows its curl line, body and statuses", async () => {
    const { page } = await open(1280);
    const create = page.locator('[id="keys.create"]');
    expect(await create.locator("pre").first().isVisible()).toBe(false);
    await create.locator("summary").focus();
    await page.keyboard.press("Enter");
    const shown = await create.innerText();
    expect(shown).toContain('curl -X POST "$LOADLINE_URL/admin/v1/keys"');
    expect(shown).toContain("LL_KEY_GRANT_EXCEEDS");
    expect(shown).toContain("keys:manage");
    await page.close();
  });

  it.each([320, 768, 1280])("never scrolls sideways at %i px", async (width) => {
    const { page } = await open(width);
    for (const one of await page.locator("summary").all()) await one.click();
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over).toBeLessThanOrEqual(0);
    await page.close();
  });
});
