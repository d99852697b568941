import type { ServerResponse } from "node:http";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { completion, endJson, sampleIn } from "../../test/answers.ts";
import { overUpstreams, runGateway, type Running, runUpstream } from "../../test/harness.ts";

const path = "/v1/chat/completions";
const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
const clock = systemClock();
const longMs = 20_000;
const never = { openFor: "1h", openForMax: "1h" };
const brief = { openFor: "200ms", openForMax: "200ms" };

function answer(response: ServerResponse, isGood: boolean): void {
  if (isGood) endJson(response, 200, completion("yes"));
  else endJson(response, 500, { error: { message: "planned" } });
}

async function samples(g: Running, ...names: readonly string[]): Promise<number[]> {
  const text = await (await g.get("/metrics")).text();
  return names.map((name) => sampleIn(text, name));
}

const state = 'loadline_breaker_state{target="u0"}';
const moved = (from: string, to: string): string =>
  `loadline_breaker_transitions_total{target="u0",from="${from}",to="${to}"}`;

/** `count` failures spread evenly over each hundred calls; calls count from 1. */
const evenly = (count: number) => (call: number) =>
  Math.floor((call * count) / 100) > Math.floor(((call - 1) * count) / 100);

/** Statuses of calls one after another, to one target that fails where told. */
async function statusesOf(
  calls: number,
  isFailure: (call: number) => boolean,
  breaker: object = never,
): Promise<{ statuses: number[]; hits: number }> {
  let hits = 0;
  await using up = await runUpstream((response) => answer(response, !isFailure(++hits)));
  await using g = await runGateway({ ...overUpstreams(up.baseUrl), breaker });
  const statuses: number[] = [];
  for (let i = 0; i < calls; i++) {
    const response = await g.post(path, chat);
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return { statuses, hits };
}

/** Thousands of calls take a busy machine its time, which is nobody's fault here. */
const patient = { timeout: 240_000 };

describe("a breaker over the socket, closed", patient, () => {
  it("passes 10,000 calls to a healthy target and refuses none [R0-10]", async () => {
    await using g = await runGateway();
    const body = JSON.stringify({ ...chat, model: "sim" });
    const head =
      `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${g.key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const one = `${head}\r\n${body}`;
    const last = `${head}Connection: close\r\n\r\n${body}`;
    const all = await Promise.all(Array.from({ length: 5 }, () => g.raw(one.repeat(1999) + last)));
    const statuses = all.flatMap((text) => text.match(/HTTP\/1\.1 \d{3}/g) ?? []);
    expect(statuses).toHaveLength(10_000);
    expect(new Set(statuses)).toEqual(new Set(["HTTP/1.1 200"]));
    const metrics = await (await g.get("/metrics")).text();
    const changes = metrics.match(/^loadline_breaker_transitions_total\{.*\} \d+$/gm) ?? [];
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.filter((line) => !line.endsWith("} 0"))).toEqual([]);
  });

  it("opens with the 20th of 20 failures: the 21st call never leaves [R0-12]", async () => {
    const { statuses, hits } = await statusesOf(25, () => true);
    expect(hits).toBe(20);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 502), 503, 503, 503, 503, 503]);
  });

  it("minFailures and minVolume of the file move that call [R0-12]", async () => {
    const small = { ...never, minVolume: 6, minFailures: 3 };
    expect((await statusesOf(12, () => true, small)).hits).toBe(6);
    expect((await statusesOf(12, (call) => call > 4, small)).hits).toBe(7);
  });

  it("stays closed over 9 failures in each hundred, opens at the fifth of 11 [R0-13]", async () => {
    const nine = await statusesOf(200, evenly(9));
    expect([nine.hits, nine.statuses.includes(503)]).toEqual([200, false]);
    const eleven = await statusesOf(60, evenly(11));
    expect([eleven.hits, eleven.statuses.indexOf(503)]).toEqual([46, 46]);
  });

  it("with rate 0.15 stays closed over 14 in each hundred, opens at call 32 of 16 [R0-13]", async () => {
    const rate = { ...never, rate: 0.15 };
    expect((await statusesOf(200, evenly(14), rate)).hits).toBe(200);
    expect((await statusesOf(40, evenly(16), rate)).hits).toBe(32);
  });
});

describe("a breaker over the socket, half-open", patient, () => {
  it("closes after three successes of a healed target, each change counted [R0-11]", async () => {
    let isGood = false;
    await using up = await runUpstream((response) => answer(response, isGood));
    await using g = await runGateway({ ...overUpstreams(up.baseUrl), breaker: brief });
    for (let i = 0; i < 20; i++) await (await g.post(path, chat)).arrayBuffer();
    isGood = true;
    await eventually(clock, async () => (await samples(g, state))[0] === 1, longMs);
    for (let i = 0; i < 3; i++) {
      expect((await samples(g, state))[0]).toBe(1);
      expect((await g.post(path, chat)).status).toBe(200);
    }
    const series = [moved("closed", "open"), moved("open", "half_open")];
    expect(await samples(g, state, ...series, moved("half_open", "closed"))).toEqual([0, 1, 1, 1]);
  });

  it("gets back the permits of probes whose clients left, and then closes: it cannot wedge [R0-11]", async () => {
    let mode: "bad" | "silent" | "good" = "bad";
    await using up = await runUpstream((response) => {
      if (mode !== "silent") answer(response, mode === "good");
    });
    await using g = await runGateway({ ...overUpstreams(up.baseUrl), breaker: brief });
    for (let i = 0; i < 20; i++) await (await g.post(path, chat)).arrayBuffer();
    await eventually(clock, async () => (await samples(g, state))[0] === 1, longMs);
    mode = "silent";
    const hits = up.bodies.length;
    const leaving = new AbortController();
    const left = Array.from({ length: 3 }, () =>
      g.post(path, chat, { signal: leaving.signal }).then(
        () => "answered",
        () => "left",
      ),
    );
    await eventually(clock, () => up.bodies.length === hits + 3, longMs);
    // All three permits are out.
    expect((await g.post(path, chat)).status).toBe(503);
    mode = "good";
    leaving.abort();
    expect(await Promise.all(left)).toEqual(["left", "left", "left"]);
    const isAnswered = async (): Promise<boolean> => (await g.post(path, chat)).status === 200;
    await eventually(clock, isAnswered, longMs);
    await eventually(
      clock,
      async () => (await isAnswered()) && (await samples(g, state))[0] === 0,
      longMs,
    );
    expect(await samples(g, moved("half_open", "open"))).toEqual([0]);
  });
});
