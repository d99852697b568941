import { type Browser, chromium, type Page } from "playwright-core";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Starts the browser at this path so that it opens no connection of its own. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags });
}

/**
 * Goes to an address of an open report, such as `/claims`, and resolves once its view is drawn:
 * the page's own listener has heard of the new address by then, and two pictures were made since.
 */
export async function goTo(page: Page, address: string): Promise<void> {
  await page.evaluate(async (hash) => {
    // The browser escapes what it is given; an address that it is at already gives no event.
    if (location.hash !== new URL(hash, location.href).hash) {
      await new Promise((done) => {
        addEventListener("hashchange", done, { once: true });
        location.assign(hash);
      });
    }
    for (let left = 2; left > 0; left -= 1)
      await new Promise((done) => {
        requestAnimationFrame(done);
      });
  }, `#${address}`);
  await page.locator("#main").waitFor();
}
