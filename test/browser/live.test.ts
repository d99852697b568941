import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { eventually } from "@loadline/testkit";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { startLiveServer } from "../../packages/validator/src/live/index.ts";
import type { LiveFrame, LiveGuard } from "../../packages/validator/src/load/types.ts";
import { launchChromium } from "./chromium.ts";

const parts = await requireParts(["chromium"]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const guard = (name: string, holds: boolean): LiveGuard => {
  return { guard: `guard.load.${name}`, holds, figure: "3.10 ms", limit: "1.00 ms" };
};

function frame(due: number, guards: readonly LiveGuard[], leftMs = 60_000): LiveFrame {
  const figures = { p50Ms: 20, p99Ms: 1_500, maxMs: 1_600, ttftP99Ms: null };
  return { due, ok: due, bad: 0, inFlight: 0, elapsedMs: due * 500, leftMs, ...figures, guards };
}

/** Waits until the list reads so; the page draws with its next picture. */
async function guardsRead(page: Page, wanted: readonly string[]): Promise<void> {
  const text = JSON.stringify(wanted);
  // Asked from outside: the page's own policy lets nobody evaluate text in it.
  const read = async (): Promise<string> =>
    JSON.stringify(await page.locator("#guards li").allTextContents());
  await eventually(systemClock(), async () => (await read()) === text, 60_000);
}

describe.skipIf(parts.missing)("live page of a load, in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(parts.found("chromium").path);
  });
  afterAll(async () => {
    await browser.close();
  });

  it("names each guard with its figure and limit, says which is breached, and takes it back", async () => {
    await using live = await startLiveServer({
      port: 0,
      random: seededRandom(9),
      title: "mix-50",
      editable: [{ scenario: "chat", of: "rate", max: 100 }],
      onEdit: () => undefined,
    });
    await using context = await browser.newContext();
    const page = await context.newPage();
    const trouble: string[] = [];
    page.on("console", (message) => trouble.push(message.text()));
    page.on("pageerror", (error) => trouble.push(error.message));
    live.frame(frame(1, [guard("pacer", true), guard("sent", true)]));
    await page.goto(live.url);
    await guardsRead(page, ["pacer 3.10 ms of 1.00 ms", "sent 3.10 ms of 1.00 ms"]);
    expect(await page.locator("#phase").textContent()).toBe("sending");
    live.frame(frame(2, [guard("pacer", false), guard("sent", true)]));
    await guardsRead(page, ["breached: pacer 3.10 ms of 1.00 ms", "sent 3.10 ms of 1.00 ms"]);
    expect(await page.locator("li.breached").count()).toBe(1);
    await page.evaluate(axe);
    const found = await page.evaluate<AxeResults>("axe.run(document)");
    expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`)).toEqual([]);
    live.frame(frame(3, [guard("pacer", true)], 0));
    await guardsRead(page, ["pacer 3.10 ms of 1.00 ms"]);
    expect(await page.locator("#phase").textContent()).toBe("done");
    expect(trouble).toEqual([]);
  });

  it("a page that is cut off again and again has each frame once, says so, and shows what is old", async () => {
    const secrets = (): Parameters<typeof startLiveServer>[0] => ({
      port: 0,
      // Equal secrets, so that the next server knows the page: a run that comes back.
      random: seededRandom(11),
      title: "cuts",
      editable: [],
      onEdit: () => undefined,
    });
    await using context = await browser.newContext();
    const page = await context.newPage();
    const points = (): Promise<number> =>
      page
        .locator("#p99")
        .evaluate((line) => (line.getAttribute("points") ?? "").split(" ").length);
    let live = await startLiveServer(secrets());
    const port = Number(new URL(live.url).port);
    for (let due = 1; due <= 5; due += 1) live.frame(frame(due, []));
    await page.goto(live.url);
    await expect.poll(points).toBe(5);
    for (let cut = 1; cut <= 3; cut += 1) {
      await live[Symbol.asyncDispose]();
      await expect.poll(() => page.locator("#status").textContent()).toContain("no connection");
      live = await startLiveServer({ ...secrets(), port });
      for (let due = 1; due <= 5 + cut; due += 1) live.frame(frame(due, []));
      await expect.poll(points).toBe(5 + cut);
      expect(await page.locator("#due").textContent()).toBe(String(5 + cut));
    }
    live.end("READY: all proven");
    await expect.poll(() => page.locator("#status").textContent()).toBe("READY: all proven");
    await live[Symbol.asyncDispose]();
    expect(await page.locator("#status").textContent()).toBe("READY: all proven");
  });

  it("a page that watches for hours keeps half an hour of frames, as the server does", async () => {
    await using live = await startLiveServer({
      port: 0,
      random: seededRandom(12),
      title: "long",
      editable: [],
      onEdit: () => undefined,
    });
    await using context = await browser.newContext();
    const page = await context.newPage();
    live.frame(frame(1, []));
    await page.goto(live.url);
    await expect.poll(() => page.locator("#due").textContent()).toBe("1");
    for (let due = 2; due <= 3_700; due += 1) live.frame(frame(due, []));
    await expect.poll(() => page.locator("#due").textContent()).toBe("3700");
    const points = await page
      .locator("#p99")
      .evaluate((line) => (line.getAttribute("points") ?? "").split(" ").length);
    expect(points).toBe(3_600);
  });

  it("a guard's text is text: markup in it is shown, not made", async () => {
    await using live = await startLiveServer({
      port: 0,
      random: seededRandom(10),
      title: "flags",
      editable: [],
      onEdit: () => undefined,
    });
    await using context = await browser.newContext();
    const page = await context.newPage();
    const bold: LiveGuard = { guard: "<b>x</b>", holds: false, figure: "1", limit: "2" };
    live.frame(frame(1, [bold]));
    await page.goto(live.url);
    await guardsRead(page, ["breached: <b>x</b> 1 of 2"]);
    expect(await page.locator("#guards b").count()).toBe(0);
  });
});
