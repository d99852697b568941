import { breakerDefaults } from "@loadline/kit/circuit-breaker";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { completion, endJson } from "../../test/answers.ts";
import { overUpstreams, runGateway, runUpstream } from "../../test/harness.ts";
import { simulateBreaker } from "./simulate.ts";
import { parseTrace } from "./trace.ts";

const path = "/v1/chat/completions";
const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
const time = "2026-01-01T00:00:00.000Z";
const atMs = Date.parse(time);

/** A line of the log of `serve`. */
const request = (fields: object): string =>
  JSON.stringify({ time, level: "info", event: "request", exit: "ok", attempts: 1, ...fields });

describe("a plain recording", () => {
  it.each([
    ["nonsense", "Line 1: no JSON object."],
    ["[]", "Line 1: no JSON object."],
    ['{"t":"1","outcome":"ok"}', 'Line 1: "t" is not a number of ms.'],
    ['{"t":1,"outcome":"fine"}', 'Line 1: unknown outcome "fine".'],
    ['{"t":1}', "Line 1: unknown outcome undefined."],
    ['{"t":5,"outcome":"ok"}\n\n{"t":4,"outcome":"ok"}', "Line 3: its time lies before"],
    ['{"t":5,"outcome":"toString"}', "unknown outcome"],
  ])("%j is refused with its line", (text, message) => {
    expect(() => parseTrace(text)).toThrow(message);
  });

  it("has blank lines and plain outcomes", () => {
    const text = '\n{"t":1,"outcome":"failure"}\r\n{"t":1,"outcome":"neutral","more":1}\n';
    expect(parseTrace(text)).toEqual([
      { atMs: 1, outcome: "failure" },
      { atMs: 1, outcome: "neutral" },
    ]);
  });
});

describe("the log of a gateway as a recording", () => {
  it("tells the attempts of one target, by time, and passes over all other lines", () => {
    const lines = [
      request({ target: "b", outcomes: "a=server b=ok", attempts: 2 }),
      request({ time: "2025-12-31T23:59:59.990Z", target: "a" }),
      request({ attempts: 0 }),
      JSON.stringify({ time, level: "warn", event: "breaker", target: "a" }),
      request({ target: "a", outcomes: "a=aborted", exit: "client_left" }),
    ];
    expect(parseTrace(lines.join("\n"), "a")).toEqual([
      { atMs: atMs - 10, outcome: "success" },
      { atMs, outcome: "failure" },
      { atMs, outcome: "neutral" },
    ]);
    expect(parseTrace(lines.join("\n"), "b")).toEqual([{ atMs, outcome: "success" }]);
  });

  it("has lines in words beside it, as serve writes them", () => {
    const begun = "warning: routes.r has one target\nserving http://127.0.0.1:8080 after 90 ms\n";
    const text = `${begun}${request({ target: "a" })}\nreload applied: limits\n`;
    expect(parseTrace(text)).toEqual([{ atMs, outcome: "success" }]);
  });

  it.each([
    ["whose end", request({ target: "a" }).slice(0, -9)],
    ["whose beginning", request({ target: "a" }).slice(9)],
  ])("with a line %s is missing is refused", (_, line) => {
    const text = `${request({ target: "a" })}\n${line}`;
    expect(() => parseTrace(text)).toThrow("Line 2: no JSON object.");
  });

  it("that tells of no attempt is none of calls that all went well", () => {
    const text = [request({ attempts: 0 }), JSON.stringify({ time, event: "closed" })].join("\n");
    for (const target of [undefined, "a"])
      expect(() => parseTrace(text, target)).toThrow("It tells of no attempt at all.");
  });

  it.each([
    [request({ target: "a", exit: "failed" }), undefined, "Line 1: it does not tell how"],
    [request({ target: "a", attempts: 2 }), undefined, "Line 1: it does not tell how"],
    [request({ target: "a", time: "noon" }), undefined, 'Line 1: "time" is no time'],
    [request({ outcomes: "a=fine" }), undefined, 'unknown outcome "fine"'],
    [request({ outcomes: "a=server b=ok" }), undefined, "several targets: name one of a, b."],
    [request({ target: "a" }), "b", "It tells nothing of b, but of a."],
  ])("%s of %s is refused", (line, target, message) => {
    expect(() => parseTrace(line, target)).toThrow(message);
  });

  it("of a running gateway gives the trip that it made itself [R0-15]", async () => {
    let calls = 0;
    await using bad = await runUpstream((response) => {
      const isGood = ++calls <= 40;
      endJson(response, isGood ? 200 : 500, isGood ? completion() : { error: { message: "x" } });
    });
    await using good = await runUpstream((response) => endJson(response, 200, completion()));
    const breaker = { openFor: "1h", openForMax: "1h" };
    const settings = { ...overUpstreams(bad.baseUrl, good.baseUrl), breaker };
    await using g = await runGateway({ ...settings, log: { level: "info" } });
    for (let i = 0; i < 70; i++) await (await g.post(path, chat)).text();
    await g.gateway.close({ graceMs: 0 });
    const o = { settings: breakerDefaults, random: seededRandom(1) };
    const simulated = simulateBreaker(g.logged(), { ...o, target: "u0" });
    expect([simulated.calls, simulated.failures, simulated.refused]).toEqual([
      calls,
      calls - 40,
      0,
    ]);
    expect(simulated.transitions.map(({ from, to }) => `${from} ${to}`)).toEqual(["closed open"]);
    expect(simulateBreaker(g.logged(), { ...o, target: "u1" })).toMatchObject({
      calls: 70 - 40,
      failures: 0,
      trips: 0,
    });
  });

  it("tells calls whose one attempt failed, and none of those that were refused", async () => {
    await using bad = await runUpstream((response) => endJson(response, 500, {}));
    const breaker = { openFor: "1h", openForMax: "1h" };
    const settings = { ...overUpstreams(bad.baseUrl), breaker, log: { level: "info" } };
    await using g = await runGateway(settings);
    for (let i = 0; i < 25; i++) await (await g.post(path, chat)).text();
    await g.gateway.close({ graceMs: 0 });
    expect(parseTrace(g.logged()).map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 20 }, () => "failure"),
    );
  });
});
