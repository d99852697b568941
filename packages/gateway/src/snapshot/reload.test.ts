import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { sampleIn } from "../../test/answers.ts";
import { errorCode, runUpstream } from "../../test/harness.ts";
import { operator } from "../identity/acting.ts";
import { over, runReloadable, type Settings, simulated } from "./reload.fixture.ts";

const clock = systemClock();
const done = { index: 0, finish_reason: "stop", message: { role: "assistant", content: "x" } };
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** An upstream that answers with its name as the model. */
function named(model: string) {
  return runUpstream((response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ object: "chat.completion", model, choices: [done], usage }));
  });
}

async function modelOf(response: Response): Promise<unknown> {
  const value: unknown = await response.json();
  return typeof value === "object" && value !== null && "model" in value ? value.model : value;
}

describe("reload under load", () => {
  it("100 reloads, every fifth of them bad, fail no call, and no counter goes back", async () => {
    await using a = await named("a");
    await using b = await named("b");
    const both = over(a.baseUrl, b.baseUrl);
    const variants: readonly Settings[] = [
      both,
      over(b.baseUrl, a.baseUrl),
      { ...both, timeouts: { connect: "3s", total: "50s" } },
      { ...over(a.baseUrl), limits: [{ scope: "global", resource: "requests", limit: 1e9 }] },
      { ...over(a.baseUrl, b.baseUrl, a.baseUrl), retry: { attempts: 2 }, breaker: { rate: 0.9 } },
    ];
    await using g = await runReloadable(both);
    const failures: string[] = [];
    let calls = 0;
    let isOver = false;
    const call = async (): Promise<void> => {
      while (!isOver) {
        const answer = await g.chat();
        const text = await answer.text();
        calls++;
        if (answer.status !== 200) failures.push(`${answer.status} ${text}`);
      }
    };
    const callers = Array.from({ length: 6 }, call);
    const outcomes = new Map<string, number>();
    let counted = 0;
    for (let i = 0; i < 100; i++) {
      const next = variants[i % variants.length] ?? both;
      const { outcome } = await g.reload(i % 5 === 4 ? { ...next, limit: i } : next);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const atLeast = calls + 3;
      await eventually(clock, () => calls >= atLeast, 20_000);
      const name = 'loadline_requests_total{operation="chat",route="r",status="200"}';
      const now = sampleIn(await g.metrics(), name);
      expect(now).toBeGreaterThanOrEqual(counted);
      counted = now;
    }
    isOver = true;
    await Promise.all(callers);
    expect(failures).toEqual([]);
    expect(Object.fromEntries(outcomes)).toEqual({ applied: 79, invalid: 20, unchanged: 1 });
    const text = await g.metrics();
    const total = 'loadline_requests_total{operation="chat",route="r",status="200"}';
    expect(sampleIn(text, total)).toBe(calls);
    expect(sampleIn(text, 'loadline_config_reloads_total{outcome="invalid"}')).toBe(20);
  });

  it("a stream under way ends at the target it began with, which is closed only then", async () => {
    let finish: (() => void) | undefined;
    await using slow = await runUpstream((response) => {
      response.setHeader("content-type", "text/event-stream");
      const delta = { choices: [{ index: 0, delta: { content: "one" }, finish_reason: null }] };
      response.write(`data: ${JSON.stringify(delta)}\n\n`);
      finish = () => {
        const end = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
        response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
      };
    });
    await using other = await named("other");
    await using g = await runReloadable(over(slow.baseUrl));
    const answer = await g.chat({ stream: true });
    expect((await g.reload(over(other.baseUrl))).changed).toEqual(["targets.u0"]);
    expect(await modelOf(await g.chat())).toBe("other");
    const socket = slow.requests[0]?.socket;
    expect(socket?.destroyed).toBe(false);
    finish?.();
    const text = await answer.text();
    expect([text.includes("one"), text.trimEnd().endsWith("data: [DONE]")]).toEqual([true, true]);
    await eventually(clock, () => socket?.destroyed === true, 20_000);
  });
});

describe("what a reload keeps", () => {
  it("an open breaker stays open and an unchanged target keeps its connection", async () => {
    await using bad = await runUpstream((response) => {
      response.statusCode = 500;
      response.end("{}");
    });
    await using good = await named("good");
    const settings = over(bad.baseUrl, good.baseUrl);
    await using g = await runReloadable({
      ...settings,
      breaker: { openFor: "1h", openForMax: "1h" },
    });
    const open = 'loadline_breaker_state{target="u0"}';
    await eventually(
      clock,
      async () => {
        await (await g.chat()).text();
        return sampleIn(await g.metrics(), open) === 2;
      },
      10_000,
    );
    const calls = bad.requests.length;
    const sockets = new Set(good.requests.map((request) => request.socket));
    const report = await g.reload({
      ...settings,
      breaker: { openFor: "1h", openForMax: "1h" },
      prices: { big: { input: 1, output: 1 } },
      retry: { waitMax: "1s", budgetShare: 0.2 },
      timeouts: { total: "30s" },
    });
    expect(report.outcome).toBe("applied");
    expect(await modelOf(await g.chat())).toBe("good");
    expect(bad.requests.length).toBe(calls);
    expect(sampleIn(await g.metrics(), open)).toBe(2);
    expect(sockets.has(good.requests.at(-1)?.socket ?? expect.fail("no request"))).toBe(true);
  });

  it("a limit that is as before stays used up, whatever else changes", async () => {
    const limits = [{ scope: "key", resource: "requests", limit: 2, period: "1h", burst: 2 }];
    await using g = await runReloadable({ ...simulated(), limits });
    for (const status of [200, 200, 429]) expect((await g.chat()).status).toBe(status);
    const more = [...limits, { scope: "global", resource: "requests", limit: 1000 }];
    const report = await g.reload({ ...simulated({ tokens: 4 }), limits: more });
    expect(report.changed).toEqual(["limits", "targets.s"]);
    expect((await g.chat()).status).toBe(429);
    await g.reload({ ...simulated() });
    expect((await g.chat()).status).toBe(200);
  });

  it("series of names that are gone stay, and a name that comes back goes on counting", async () => {
    await using a = await named("a");
    await using g = await runReloadable(over(a.baseUrl));
    await (await g.chat()).text();
    const routes = { other: { models: ["m"], groups: [{ targets: ["u0"] }] } };
    await g.reload({ ...over(a.baseUrl), routes });
    await (await g.chat()).text();
    const one = (route: string): string =>
      `loadline_requests_total{operation="chat",route="${route}",status="200"}`;
    const between = await g.metrics();
    expect([sampleIn(between, one("r")), sampleIn(between, one("other"))]).toEqual([1, 1]);
    await g.reload(over(a.baseUrl));
    await (await g.chat()).text();
    const after = await g.metrics();
    expect([sampleIn(after, one("r")), sampleIn(after, one("other"))]).toEqual([2, 1]);
    expect(sampleIn(after, 'loadline_ttft_seconds_count{route="r",target="u0"}')).toBe(2);
  });
});

describe("a bad configuration", () => {
  it.each([
    ["an unknown key", { limit: [] }, "LL_CONFIG_UNKNOWN_KEY limit: unknown key."],
    ["a wrong value", { timeouts: { idle: "soon" } }, "LL_CONFIG_INVALID timeouts.idle: "],
    [
      "an unknown target",
      { routes: { r: { models: ["m"], groups: [{ targets: ["t"] }] } } },
      "LL_CONFIG_INVALID routes.r.groups[0].targets[0]: there is no target",
    ],
    [
      "a secret in clear text",
      {
        targets: {
          s: {
            provider: "openai-compatible",
            model: "x",
            baseUrl: "http://127.0.0.1:9/v1",
            keys: ["sk-1"],
          },
        },
      },
      "LL_CONFIG_SECRET targets.s.keys[0]: ",
    ],
    [
      "a missing model file",
      { targets: { s: { provider: "llama", model: "x", path: "/nowhere.gguf" } } },
      "LL_MODEL_",
    ],
  ])(
    "with %s leaves everything as it was and says where it is wrong",
    async (_name, wrong, problem) => {
      await using g = await runReloadable(simulated());
      const digest = (await g.gateway.reload()).digest;
      const report = await g.reload({ ...simulated(), http: { bodyBytesMax: 1024 }, ...wrong });
      expect(report).toMatchObject({ outcome: "invalid", digest, changed: [] });
      expect(report.problem).toContain(problem);
      if (problem.startsWith("LL_CONFIG")) expect(report.problem).toMatch(/loadline\.yaml:\d+\)$/);
      expect(await (await g.get("/health")).json()).toMatchObject({
        status: "ok",
        config: "stale",
        configDigest: digest,
      });
      const messages = [{ role: "user", content: "x".repeat(2000) }];
      expect((await g.chat({ messages })).status).toBe(200);
      expect(g.logged()).toContain('"event":"config.refused"');
      expect(g.logged()).not.toContain("sk-1");
      const text = await g.metrics();
      expect(text).toContain(`loadline_config_info{digest="${digest}"} 1\n`);
      expect(sampleIn(text, 'loadline_config_reloads_total{outcome="invalid"}')).toBe(1);
      expect((await g.reload(simulated())).outcome).toBe("unchanged");
      expect(await (await g.get("/health")).json()).toMatchObject({ config: "current" });
    },
  );

  it("that is no YAML names the line", async () => {
    await using g = await runReloadable(simulated());
    const { problem } = await g.reload("targets:\n  a: [\n");
    expect(problem).toMatch(/^LL_CONFIG_SYNTAX .*loadline\.yaml:\d+\)$/);
    expect((await g.chat()).status).toBe(200);
  });

  it("that needs a restart is refused as a whole, with the paths that need it", async () => {
    await using g = await runReloadable(simulated());
    const report = await g.reload({
      ...simulated(),
      http: { keepAlive: "9s", bodyBytesMax: 1024 },
      stores: { replicasMax: 3 },
    });
    expect(report.outcome).toBe("restart_needed");
    expect(report.problem).toBe(
      "LL_CONFIG_RESTART_NEEDED http.keepAlive, stores.replicasMax: cannot change while the " +
        "gateway runs; nothing was applied.",
    );
    const messages = [{ role: "user", content: "x".repeat(2000) }];
    expect((await g.chat({ messages })).status).toBe(200);
    expect(await (await g.get("/health")).json()).toMatchObject({ config: "stale" });
    const refused = 'loadline_config_reloads_total{outcome="restart_needed"}';
    expect(sampleIn(await g.metrics(), refused)).toBe(1);
  });
});

describe("the admin API", () => {
  it("reloads the file, answers with what is wrong with it, and leaves it on record", async () => {
    await using g = await runReloadable(simulated());
    const { secret } = await g.gateway.identity.keys.create(operator(), {
      name: "n",
      roles: ["admin"],
      tenantId: "*",
    });
    const reload = async (): Promise<unknown> => {
      const headers = { authorization: `Bearer ${secret}` };
      const answer = await fetch(`${g.url}/admin/v1/config/reload`, { method: "POST", headers });
      return answer.json();
    };
    g.write({ ...simulated(), http: { bodyBytesMax: 1024 } });
    expect(await reload()).toEqual({ applied: true, problem: null });
    const messages = [{ role: "user", content: "x".repeat(2000) }];
    expect(await errorCode(await g.chat({ messages }))).toBe("LL_BODY_TOO_LARGE");
    g.write({ nothing: true });
    expect(await reload()).toMatchObject({
      applied: false,
      problem: expect.stringMatching(/^LL_CONFIG_UNKNOWN_KEY nothing: .*loadline\.yaml:\d+\)$/),
    });
  });
});
