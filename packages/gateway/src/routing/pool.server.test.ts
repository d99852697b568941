import { systemClock } from "@loadline/kit/clock";
import { eventually, startFaultUpstream } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { sampleIn } from "../../test/answers.ts";
import { overUpstreams, runGateway, type Running } from "../../test/harness.ts";

const clock = systemClock();
const longMs = 20_000;
const path = "/v1/chat/completions";
const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };

async function readyOf(g: Running): Promise<number> {
  return sampleIn(await (await g.get("/metrics")).text(), 'loadline_pool_ready{route="r"}');
}

async function healthOf(g: Running): Promise<string> {
  const text = await (await g.get("/health")).text();
  return /"pool:r":\{[^}]*"state":"(\w+)"/.exec(text)?.[1] ?? text;
}

const toldShort = (g: Running): number =>
  g.logged().split("warm pool below its minimum").length - 1;

describe("a warm pool of two over three upstreams", () => {
  it("fills up again when a backup is killed, tells when it cannot, and empty is a failure [R0-17]", async () => {
    await using a = await startFaultUpstream({ clock, letter: "a" });
    await using b = await startFaultUpstream({ clock, letter: "b" });
    await using c = await startFaultUpstream({ clock, letter: "c" });
    const names = ["u0", "u1", "u2"];
    const backup = { min: 2, probeEvery: "100ms", deepEvery: "1s" };
    const route = { models: ["m"], groups: [{ targets: names }], backup };
    await using g = await runGateway({
      ...overUpstreams(a.baseUrl, b.baseUrl, c.baseUrl),
      routes: { r: route },
    });
    const settles = (ready: number, state: string): Promise<void> =>
      eventually(
        clock,
        async () => (await readyOf(g)) === ready && (await healthOf(g)) === state,
        longMs,
      );
    await settles(2, "ok");
    const asked = c.seen.length;
    await b.kill();
    // The third takes its place, after a completion of its own.
    await eventually(clock, () => c.seen.length > asked, longMs);
    await settles(2, "ok");
    expect((await g.post(path, chat)).status).toBe(200);
    // It was below its minimum at the start, too, and said so.
    const told = toldShort(g);
    await c.kill();
    await settles(1, "degraded");
    await eventually(clock, () => toldShort(g) > told, longMs);
    expect((await g.post(path, chat)).status).toBe(200);
    await a.kill();
    await settles(0, "down");
  });
});
