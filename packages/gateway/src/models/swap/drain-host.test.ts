import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, expect, it } from "vitest";
import { drainHost } from "./drain-host.ts";

/** Time passes while somebody sleeps, and else when it is told to. */
class SleepingClock extends TestClock {
  override sleep(delayMs: number): Promise<void> {
    this.advance(delayMs);
    return Promise.resolve();
  }
}

let folder = "";
let socketPath = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ll-drain-"));
  socketPath = join(folder, "h.sock");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Drains a host that answers the n-th look as told; how often it was asked and how long that took. */
async function drained(answer: (n: number, clock: TestClock) => number | undefined) {
  const clock = new SleepingClock();
  let looks = 0;
  const server = createServer((_request, response: ServerResponse) => {
    const active = answer(looks++, clock);
    if (active !== undefined) response.end(JSON.stringify({ active }));
  });
  server.listen(socketPath);
  await once(server, "listening");
  await drainHost(socketPath, { clock, signal: new AbortController().signal });
  server.closeAllConnections();
  server.close();
  return { looks, ms: clock.monotonicMs() };
}

it("a host is drained once nothing is under way for over a second", async () => {
  const { looks, ms } = await drained((n) => (n < 3 || n === 5 ? 1 : 0));
  expect(looks).toBe(11);
  expect(ms).toBeGreaterThan(1000);
});

it("a host that is too busy to say what is under way is not drained", async () => {
  const late = (n: number, clock: TestClock): number | undefined => {
    if (n > 0) return 0;
    clock.advance(5000);
    return undefined;
  };
  expect((await drained(late)).looks).toBe(6);
});

it("a host that never ends what it does is waited for 10 min", async () => {
  expect((await drained(() => 1)).ms).toBe(600_000);
});

it("one that is gone is told of at once", async () => {
  const { signal } = new AbortController();
  const draining = drainHost(socketPath, { clock: new SleepingClock(), signal });
  await expect(draining).rejects.toMatchObject({ code: "ENOENT" });
});
