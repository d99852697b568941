import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import type { Exchange, ProbeClient, ProbeRequest } from "./client.ts";
import { patientClient, retryAfterMs } from "./patient-client.ts";

const get: ProbeRequest = { method: "GET", path: "/models" };

function answer(status: number | null, headers: Exchange["headers"] = {}): Exchange {
  const url = "http://127.0.0.1:1/v1/models";
  const rest = { body: Buffer.alloc(0), bodyBytes: 0, fault: null, durationMs: 1 };
  return { request: get, url, status, headers, ...rest };
}

/** Sends once with patience while time passes; the times of each request in ms, and the answer. */
async function ask(answers: readonly Exchange[]) {
  const clock = new TestClock();
  const atMs: number[] = [];
  const client: ProbeClient = {
    send() {
      atMs.push(clock.monotonicMs());
      return Promise.resolve(answers[Math.min(atMs.length, answers.length) - 1] ?? answer(null));
    },
    close: () => undefined,
  };
  const signal = new AbortController().signal;
  const sent = patientClient(client, { clock, signal }).send(get);
  let isOver = false;
  const last = sent.finally(() => (isOver = true));
  for (let step = 0; step < 1_000 && !isOver; step++) {
    await Promise.resolve();
    await Promise.resolve();
    clock.advance(100);
  }
  const start = atMs[0] ?? 0;
  return { atMs: atMs.map((ms) => ms - start), status: (await last).status };
}

const limited = (retryAfter?: string): Exchange =>
  answer(429, retryAfter === undefined ? {} : { "retry-after": retryAfter });

describe("a target with a rate limit", () => {
  it("is asked again after what it asks for, and its answer counts", async () => {
    const { atMs, status } = await ask([limited("2"), answer(200)]);
    expect(status).toBe(200);
    expect(atMs).toHaveLength(2);
    expect(atMs[1]).toBeGreaterThanOrEqual(2_000);
  });

  it("is asked three times at most, whatever it says", async () => {
    for (const says of [undefined, "0", "1", "Thu, 01 Jan 1970 00:00:00 GMT", "soon", "-5"]) {
      const { atMs, status } = await ask([limited(says)]);
      expect([atMs.length, status], says).toEqual([3, 429]);
      expect(atMs[2], says).toBeLessThan(6_000);
    }
  });

  it("that asks for a year is not waited for", async () => {
    for (const says of ["31536000", "999999999999", "Thu, 01 Jan 2099 00:00:00 GMT"]) {
      expect((await ask([limited(says)])).atMs, says).toHaveLength(1);
    }
  });

  it("is the only one that is asked again", async () => {
    for (const status of [null, 200, 401, 500, 503]) {
      expect((await ask([answer(status)])).atMs, `${status}`).toHaveLength(1);
    }
  });

  it("names its time in seconds or as a date", () => {
    const at = Date.parse("2026-11-22T00:00:00Z");
    const of = (text: string): number => retryAfterMs({ headers: { "retry-after": text } }, at);
    expect(of("2")).toBe(2_000);
    expect(of("Sun, 22 Nov 2026 00:00:03 GMT")).toBe(3_000);
    expect(of("Sat, 21 Nov 2026 00:00:00 GMT")).toBe(1_000);
    expect(of("")).toBe(1_000);
  });
});
