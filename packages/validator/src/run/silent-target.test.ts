import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { quickPlan } from "../plan/build-plan.ts";
import { probes } from "../probes/table.ts";
import { runValidation } from "./run-validation.ts";
import { sayWaits } from "./say-waits.ts";
import type { Progress } from "./types.ts";

let runsDir = "";
beforeEach(() => void (runsDir = mkdtempSync(join(tmpdir(), "loadline-silent-"))));
afterEach(() => rmSync(runsDir, { recursive: true, force: true }));

/** A server that takes every request and answers none; `onAsked` after each. */
async function startSilent(onAsked: () => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", onAsked);
  });
  const port = await listenOnLoopback(server);
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe("a target that takes every request and answers none", () => {
  it("keeps the probes for a tenth of the plan's minutes; what is left is not tested, by name", async () => {
    const clock = new TestClock();
    using silent = await startSilent(() => void setImmediate(() => clock.advance(15_001)));
    const said: Progress[] = [];
    const plan = quickPlan({ baseUrl: silent.baseUrl, skip: ["load"] });
    const { verdict, exitCode } = await runValidation(plan, {
      clock,
      random: seededRandom(3),
      runsDir,
      toolVersion: "0.1.0",
      reporters: [],
      onProgress: (progress) => void said.push(progress),
      signal: new AbortController().signal,
    });
    const of = (wanted: string) =>
      verdict.claims.filter((one) => !one.id.startsWith("load.") && one.verdict === wanted);
    expect(of("passed")).toEqual([]);
    expect(of("failed").map(({ id }) => id)).toContain("http.alive");
    expect(of("failed").length).toBeLessThanOrEqual(5);
    expect(of("not_tested")).toHaveLength(probes.length - of("failed").length);
    expect(new Set(of("not_tested").map(({ reason }) => reason))).toEqual(new Set(["over_budget"]));
    expect(of("not_tested").at(-1)?.sentence).toContain("The target kept the probes for 60 s");
    expect([verdict.outcome, exitCode]).toEqual(["NOT_READY", 1]);
    // Preflight 15 s, probes 60 s and what the last one under way took.
    expect(clock.monotonicMs()).toBeLessThan(170_000);
    const texts = said.map(({ stage, text }) => `${stage}: ${text}`);
    expect(texts).toContain("preflight: reading the target's routes, 9 s so far");
    expect(texts).toContain(`probe: ${probes[0]?.summary} 12 s so far`);
    const lefts = said.filter(({ stage }) => stage === "probe").map(({ leftMs }) => leftMs ?? -1);
    expect(Math.max(...lefts)).toBeLessThanOrEqual(60_000);
  });
});

describe("waiting", () => {
  it("is said once a second while it lasts, and not after its end", async () => {
    const clock = new TestClock();
    const { promise, resolve } = Promise.withResolvers<string>();
    const waits: number[] = [];
    const work = sayWaits(
      clock,
      (ms) => void waits.push(ms),
      () => promise,
    );
    clock.advance(2_500);
    resolve("done");
    expect(await work).toBe("done");
    expect(waits).toEqual([1_000, 2_000]);
    expect(clock.pending).toBe(0);
  });
});
