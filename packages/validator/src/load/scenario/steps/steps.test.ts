import { quietest } from "../../../../../testkit/src/quietest.ts";
import { startRecordingTarget } from "../../../../../testkit/src/recording-target/index.ts";
import { startSimulator } from "../../../../../testkit/src/simulator/index.ts";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { planFolder, ran, type Ran } from "../../plan/run.fixture.ts";
import type { LoadRecord } from "../../types.ts";

const plan = (url: string, steps: string, o = "iterations: 1", top = ""): string => `load:
  target: { baseUrl: "${url}", model: tiny }
${top}  scenarios:
    s: { executor: shared-iterations, ${o}, steps: ${steps} }
`;

async function run(text: string, env: Record<string, string> = {}, files = {}): Promise<Ran> {
  using folder = planFolder();
  for (const [name, content] of Object.entries<string>(files)) folder.write(name, content);
  const file = await folder.compile(text, env);
  return await ran(file.plan);
}

/** Figures of checks: name -> [made, failed]. */
function checksOf(records: readonly LoadRecord[]): Record<string, readonly [number, number]> {
  const figures = records.flatMap((one) => (one.type === "figure" ? [one.figure] : []));
  return Object.fromEntries(
    figures
      .filter(({ figure }) => figure.startsWith("check:"))
      .map(({ figure, count, bad }) => [figure.slice(6), [count, bad] as const]),
  );
}

describe("steps", () => {
  it("are sent in order, with the values of their row, and each is accounted", async () => {
    await using target = await startRecordingTarget();
    const steps =
      '[{ name: read, http: "/u/${feed.id}?q=${feed.q}" }, { name: write, http: { path: /w, json: { id: "${feed.id}", it: "${iteration}" }, headers: { x-q: "${feed.q}" } } }]';
    const text = plan(
      target.url,
      steps,
      "iterations: 3, feed: u",
      "  feeders: { u: { csv: u.csv } }\n",
    ).replace("model: tiny", 'auth: { bearer: "${env:KEY}" }');
    const { accounts } = await run(text, { KEY: "k1" }, { "u.csv": "id,q\n1,one\n2,two two\n" });
    expect(accounts[0]).toMatchObject({ due: 6, ok: 6, bad: {} });
    expect(target.seen.map(({ method, path, body }) => `${method} ${path} ${body}`)).toEqual([
      "GET /u/1?q=one ",
      'POST /w {"id":"1","it":0}',
      "GET /u/2?q=two%20two ",
      'POST /w {"id":"2","it":1}',
      "GET /u/1?q=one ",
      'POST /w {"id":"1","it":2}',
    ]);
    expect(target.seen[3]?.headers).toMatchObject({
      authorization: "Bearer k1",
      "x-q": "two two",
      "content-type": "application/json",
    });
  });

  it("checks ask for the values of their row; a required one makes a wrong answer bad", async () => {
    await using target = await startRecordingTarget(({ path }) => ({
      body: path === "/u/2" ? "other" : `row ${path.slice(3)}`,
    }));
    const steps =
      '[{ http: "/u/${feed.id}" }, { check: [{ name: own, contains: "row ${feed.id}" }, { name: must, required: true, contains: "row ${feed.id}" }] }]';
    const text = plan(
      target.url,
      steps,
      "iterations: 3, feed: u",
      "  feeders: { u: { csv: u.csv } }\n",
    );
    const { accounts, records } = await run(text, {}, { "u.csv": "id\n1\n2\n3\n" });
    expect(accounts[0]).toMatchObject({ due: 3, ok: 2, bad: { check: 1 } });
    expect(checksOf(records)).toEqual({ own: [3, 1], must: [3, 1] });
  });

  it("`when` looks at the last outcome, groups and loops nest, and counters begin anew", async () => {
    await using target = await startRecordingTarget(({ path }) => ({
      status: path === "/limited" ? 429 : path === "/broken" ? 500 : 200,
    }));
    const steps = `
      - { http: /limited }
      - { when: ok, http: /never }
      - { when: [status_429, reset], http: /retry }
      - { when: ok, group: { name: g, steps: [{ http: /in }, { repeat: { times: 2, steps: [{ http: /twice }, { repeat: { times: 2, steps: [{ http: /four }] } }] } }] } }
      - { http: /broken }
      - { when: bad, repeat: { times: 1, steps: [{ http: /after }] } }`;
    const { accounts } = await run(
      plan(target.url, "STEPS", "vus: 1, iterations: 2")
        .replace(" steps: STEPS }", "}")
        .replace(
          "    s: { executor: shared-iterations, vus: 1, iterations: 2,}",
          `    s:\n      executor: shared-iterations\n      iterations: 2\n      steps:${steps.replaceAll("\n", "\n  ")}`,
        ),
    );
    const one = [
      "/limited",
      "/retry",
      "/in",
      "/twice",
      "/four",
      "/four",
      "/twice",
      "/four",
      "/four",
      "/broken",
      "/after",
    ];
    expect(target.seen.map(({ path }) => path)).toEqual([...one, ...one]);
    expect(accounts[0]).toMatchObject({ due: 22, ok: 18, bad: { status_429: 2, status_5xx: 2 } });
  });

  it("checks are counted by name; only a required one makes its request bad", async () => {
    await using target = await startRecordingTarget(() => ({ body: '{"id":7,"text":"yes"}' }));
    const steps = `[
      { http: /a }, { check: [{ name: right, json: { id: 7 } }, { name: wrong, contains: "no" }] },
      { http: /b }, { sleep: 0s }, { check: { name: must, required: true, json: { id: 8 } } },
      { when: check, http: /c }, { check: { name: late, status: 200, within: 1h } },
      { when: bad, check: { name: never, status: 200 } } ]`;
    const { accounts, records } = await run(plan(target.url, steps, "iterations: 2"));
    expect(accounts[0]).toMatchObject({ due: 6, ok: 4, bad: { check: 2 } });
    expect(checksOf(records)).toEqual({ right: [2, 0], wrong: [2, 2], must: [2, 2], late: [2, 0] });
  });

  it("checks of an answer that never came do not hold, and end nothing", async () => {
    await using target = await startRecordingTarget(() => null);
    const { accounts, records } = await run(
      plan(
        target.url,
        "[{ http: / }, { check: [{ name: up, status: 200 }, { name: down, outcome: reset }] }]",
      ),
    );
    expect(accounts[0]).toMatchObject({ due: 1, ok: 0, bad: { reset: 1 } });
    expect(checksOf(records)).toEqual({ up: [1, 1], down: [1, 0] });
  });

  it("a value that cannot be written is outcome `script`, told once and without the secret", async () => {
    await using target = await startRecordingTarget();
    const steps =
      '[{ http: { path: /, headers: { "x-${feed.pw}": a, x-b: "${feed.pw}" } } }, { http: /after }]'.replace(
        '"x-${feed.pw}": a, ',
        "",
      );
    const text = plan(
      target.url,
      steps,
      "iterations: 4, feed: u",
      "  feeders: { u: { jsonl: u.jsonl, secret: [pw] } }\n",
    );
    const files = { "u.jsonl": '{"pw":"line\\nbreak"}\n' };
    const { accounts, events } = await run(text, {}, files);
    expect(accounts[0]).toMatchObject({ due: 4, ok: 0, bad: { script: 4 } });
    expect(target.seen).toEqual([]);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatch(/scenario's own fault: .*malformed header/);
    expect(events[0]).not.toContain("break");
  });

  it("a `unique` feeder ends its scenario with the last row, open or closed", async () => {
    await using target = await startRecordingTarget();
    const feeders = "  feeders: { u: { csv: u.csv, order: unique } }\n";
    const files = { "u.csv": "id\n1\n2\n3\n" };
    const closed = plan(
      target.url,
      '[{ http: "/${feed.id}" }]',
      "vus: 2, iterations: 50, feed: u",
      feeders,
    );
    const one = await run(closed, {}, files);
    expect(one.accounts[0]).toMatchObject({ due: 3, ok: 3 });
    const open = closed.replace(
      "shared-iterations, vus: 2, iterations: 50",
      "constant-arrival-rate, rate: 50, duration: 1s",
    );
    const two = await run(open, {}, files);
    expect(two.accounts[0]).toMatchObject({ due: 3, ok: 3 });
    expect(target.seen.map(({ path }) => path).sort()).toEqual([
      "/1",
      "/1",
      "/2",
      "/2",
      "/3",
      "/3",
    ]);
  });

  it("rows come from a generator and from a trace as from a file", async () => {
    await using target = await startRecordingTarget();
    const steps = '[{ http: "/${feed.n}" }]';
    const generator = '  feeders: { u: { generator: "./g.ts#row" } }\n';
    const files = {
      "g.ts":
        "export const row = (index, random) => index < 3 ? { n: index + '-' + random.below(10) } : null;",
      "t.jsonl": [0, 5]
        .map((t) => `{"timestamp":${t},"input_length":${t + 1},"output_length":1,"hash_ids":[]}\n`)
        .join(""),
    };
    const one = await run(plan(target.url, steps, "iterations: 9, feed: u", generator), {}, files);
    expect(one.accounts[0]).toMatchObject({ due: 3, ok: 3 });
    const made = target.seen.map(({ path }) => path);
    expect(made.map((path) => path.slice(0, 3))).toEqual(["/0-", "/1-", "/2-"]);
    const trace = "  feeders: { u: { trace: t.jsonl, format: mooncake, order: unique } }\n";
    const from = steps.replace("feed.n", "feed.atMs}/${feed.inputTokens");
    const two = await run(plan(target.url, from, "iterations: 9, feed: u", trace), {}, files);
    expect(two.accounts[0]).toMatchObject({ due: 2, ok: 2 });
    expect(target.seen.slice(3).map(({ path }) => path)).toEqual(["/0/1", "/5/6"]);
  });

  it("a generator that throws, or makes no row, is the scenario's fault and ends nothing", async () => {
    await using target = await startRecordingTarget();
    const top = '  feeders: { u: { generator: "./g.ts#row" } }\n';
    const files = {
      "g.ts":
        "export const row = (index) => { if (index === 1) throw new Error('no row'); return { n: index }; };",
    };
    const text = plan(target.url, '[{ http: "/${feed.n}" }]', "iterations: 3, feed: u", top);
    const { accounts, events } = await run(text, {}, files);
    expect(accounts[0]).toMatchObject({ due: 3, ok: 2, bad: { script: 1 } });
    expect(events).toEqual([expect.stringContaining("no row")]);
  });

  it("the first request of an open iteration keeps the arrival's intended time, the next ones their own", async () => {
    await using target = await startRecordingTarget();
    const text = plan(target.url, "[{ http: /a }, { sleep: 300ms }, { http: /b }]").replace(
      "shared-iterations, iterations: 1",
      "constant-arrival-rate, rate: 10, duration: 500ms",
    );
    const longestMs = async (): Promise<number> => {
      const { accounts, records } = await run(text);
      expect(accounts[0]).toMatchObject({ due: 10, ok: 10 });
      const all = records.flatMap((one) => (one.type === "load.slice" ? [one.slice] : []));
      return Math.max(...all.map(({ maxMs }) => maxMs ?? 0));
    };
    // A pause counted as waiting would show as 300 ms in every round.
    expect(await quietest(longestMs, (ms) => ms < 250)).toBeLessThan(250);
  });

  it("models are asked in their dialect, streamed, each prompt filled with its row", async () => {
    await using simulator = await startSimulator({ clock: systemClock(), model: "tiny" });
    const steps =
      '[{ name: stream, llm: { chat: { prompt: "Say ${feed.q}", maxTokens: 4 } } }, { check: { name: counted, tokens: { min: 1 } } }, { name: whole, llm: { chat: { messages: [{ role: user, content: "${feed.q}" }], stream: false, maxTokens: 4 } } }, { check: { name: text, json: { object: chat.completion } } }]';
    const { accounts, records } = await run(
      plan(
        simulator.baseUrl,
        steps,
        "iterations: 5, feed: u",
        "  feeders: { u: { csv: u.csv, order: random } }\n",
      ),
      {},
      { "u.csv": 'q\nhello\n"a ""quoted"" word"\n' },
    );
    expect(accounts[0]).toMatchObject({ due: 10, ok: 10, bad: {}, tokensUnknown: 0 });
    expect(checksOf(records)).toEqual({ counted: [5, 0], text: [5, 0] });
  });

  it("shares of a mix are exact to one block, each part under its own names", async () => {
    await using target = await startRecordingTarget();
    const mix = `mix: { a: { weight: 50, steps: [{ http: /a }] }, b: { weight: 30, steps: [{ http: /b }] }, c: { weight: 20, steps: [{ http: /c }] } }`;
    const { accounts } = await run(
      plan(target.url, "X", "vus: 3, iterations: 40").replace("steps: X", mix),
    );
    expect(accounts[0]).toMatchObject({ due: 40, ok: 40 });
    const counts = ["/a", "/b", "/c"].map(
      (path) => target.seen.filter((one) => one.path === path).length,
    );
    expect(counts).toEqual([20, 12, 8]);
  });
});
