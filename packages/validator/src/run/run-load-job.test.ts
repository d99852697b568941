import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../../testkit/src/free-port.ts";
import { startRecordingTarget } from "../../../testkit/src/recording-target/index.ts";
import { startScriptedServer, startStallServer } from "../../../testkit/src/stall-server/index.ts";
import { readBundle } from "../evidence/read-bundle.ts";
import { LoadControl, type LoadJob } from "../load/index.ts";
import {
  loadJob,
  quietRun,
  removeRuns,
  runJob,
  scratchFolder,
  verdictsOf,
  verifyExit,
} from "./load-job.fixture.ts";
import type { ValidationResult } from "./types.ts";

const deadPort = async (): Promise<string> => `http://127.0.0.1:${await freePort()}`;

afterEach(removeRuns);

const request = { kind: "http", method: "GET", path: "/" } as const;

/** A document store whose one tenant sends this header. */
const store = (header: string) =>
  ({
    ingest: { method: "POST", path: "/d", body: {} },
    query: { method: "POST", path: "/q", body: {} },
    remove: null,
    tenants: [{ name: "t", headers: { "x-c": header } }],
    resultsPath: "r",
    textPath: "t",
  }) as const;

describe("a load run", () => {
  it("a target that keeps its promises is READY, and verify recomputes every verdict", async (context) => {
    await using server = await startStallServer({ delayMs: 2, stallMs: 0, everyMs: 1000 });
    const job = loadJob(server.url, {
      response_time: ["p(95)<900ms", "avg<900", "max<5s", "min>0.1", "p(50)<900ms over(1s)"],
      http_reqs: ["count==100", "rate>90"],
      errors: ["rate<5%"],
      "errors{class:reset}": ["rate==0"],
    });
    // A busy machine adds to times and loses requests of its own.
    const result = await quietRun(
      context,
      () => runJob(job),
      ({ exitCode }) => exitCode === 0,
    );
    expect(verdictsOf(result)).toEqual({
      "all.response_time.p95": "passed",
      "all.response_time.avg": "passed",
      "all.response_time.max": "passed",
      "all.response_time.min": "passed",
      "all.response_time.p50": "passed",
      "all.http_reqs.count": "passed",
      "all.http_reqs.rate": "passed",
      "all.errors.rate": "passed",
      "all.errors.reset.rate": "passed",
      "load.alive": "passed",
    });
    expect(result.exitCode).toBe(0);
    expect(await verifyExit(result)).toBe(0);
    const files = [...(await readBundle(result.runDir))];
    const kept = files.map(([, bytes]) => Buffer.from(bytes).toString("utf8"));
    expect(kept.some((text) => /^Tag=get\.response_time,.*,HISTFAAA/m.test(text))).toBe(true);
    expect(kept.some((text) => text.endsWith("# EOF\n"))).toBe(true);
  });

  it("its target is told the run's own name by every request, those before the load too", async () => {
    await using target = await startRecordingTarget();
    const { run } = await runJob(loadJob(target.url));
    expect(target.seen.length).toBeGreaterThan(100);
    const names = new Set(target.seen.map(({ headers }) => headers["x-loadline-run"]));
    expect([...names]).toEqual([run]);
  });

  it("a dead target with latency thresholds only is NOT_READY, warned of, and never passes one", async (context) => {
    const warnings: string[] = [];
    const thresholds = { response_time: ["p(95)<900ms", "avg<900", "max<5s"] };
    const job = loadJob(await deadPort(), thresholds);
    const once = async (): Promise<ValidationResult> => {
      const one = await runJob(job, { onWarning: (line) => warnings.push(line) });
      expect(Object.values(verdictsOf(one))).not.toContain("passed");
      return one;
    };
    const result = await quietRun(context, once, ({ verdict }) =>
      verdict.claims.every((claim) => claim.verdict === "failed"),
    );
    expect(result.exitCode).toBe(1);
    for (const claim of result.verdict.claims) expect(claim.verdict, claim.id).toBe("failed");
    expect(warnings[0]).toMatch(/^LL_LOAD_TARGET_DOWN/);
    expect(await verifyExit(result)).toBe(0);
  });

  it("a dead target of steps alone is warned of too, one that takes connections is not", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const downOf = async (url: string): Promise<string[]> => {
      const warnings: string[] = [];
      const one = loadJob(url);
      const { get } = one.load.scenarios;
      if (get === undefined) throw new TypeError("the job has no scenario");
      const { request: _request, ...terms } = get;
      const exec = { kind: "steps", data: [{ name: "x", http: "/" }] } as const;
      const scenarios = { get: { ...terms, exec, steps: [{ name: "x" }] } };
      const load = { ...one.load, scenarios };
      await runJob({ ...one, load }, { onWarning: (line) => warnings.push(line) });
      return warnings.map((line) => line.split(" ")[0] ?? "");
    };
    expect(await downOf(await deadPort())).toEqual(["LL_LOAD_TARGET_DOWN"]);
    expect(await downOf(server.url)).toEqual([]);
  });

  it("nothing is said of a target that no prober's request was tried on: a lone PUT to one that answers", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const downOf = async (url: string): Promise<string[]> => {
      const warnings: string[] = [];
      const one = loadJob(url);
      const { get } = one.load.scenarios;
      if (get === undefined) throw new TypeError("the job has no scenario");
      const put = { ...get, request: { kind: "http", method: "PUT", path: "/" } } as const;
      const load = { ...one.load, scenarios: { get: put } };
      await runJob({ ...one, load }, { onWarning: (line) => warnings.push(line) });
      return warnings.map((line) => line.split(" ")[0] ?? "");
    };
    expect(await downOf(server.url)).toEqual([]);
    expect(await downOf(await deadPort())).toEqual(["LL_LOAD_TARGET_DOWN"]);
  });

  it("a secret of the plan that the target says back stands in no file of the run", async () => {
    const secret = "other-secret-0003";
    const list = JSON.stringify({ data: [{ id: secret }] });
    await using server = await startScriptedServer(
      () => `HTTP/1.1 200 OK\r\ncontent-length: ${list.length}\r\n\r\n${list}`,
    );
    const one = loadJob(server.url);
    const { get } = one.load.scenarios;
    if (get === undefined) throw new TypeError("the job has no scenario");
    const chat = { kind: "chat", model: "", prompts: ["x"], maxTokens: 1, stream: false } as const;
    const scenarios = { get: { ...get, request: chat } };
    const load = { ...one.load, scenarios, secrets: { "env:OTHER": secret } };
    const result = await runJob({ ...one, load });
    const files = [...(await readBundle(result.runDir))];
    const texts = files.map(([, bytes]) => Buffer.from(bytes).toString("utf8"));
    expect(texts.join("")).toMatch(/"model":"secret:/);
    expect(texts.join("")).not.toContain(secret);
  });

  it("failures enter an average at the total timeout: a target that fails fast is not fast", async (context) => {
    await using server = await startScriptedServer((n) =>
      n % 2 === 0
        ? "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        : "HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n",
    );
    const job = loadJob(server.url, { response_time: ["avg<900", "max<100s"] });
    const of = (one: ValidationResult): (string | undefined)[] =>
      ["avg", "max"].map((name) => verdictsOf(one)[`all.response_time.${name}`]);
    const once = async (): Promise<ValidationResult> => {
      const one = await runJob(job);
      expect(of(one)).not.toContain("passed");
      return one;
    };
    const isFalse = (one: ValidationResult): boolean =>
      of(one).every((verdict) => verdict === "failed.false");
    const result = await quietRun(context, once, isFalse);
    expect(of(result)).toEqual(["failed.false", "failed.false"]);
  });

  it("a metric that nothing was seen of and a scenario without a measured arrival are not tested", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const one = loadJob(server.url, {
      ws_ping: ["p(95)<1s"],
      vus: ["value<10"],
      "response_time{scenario:idle}": ["p(95)<1s"],
      "http_reqs{scenario:idle}": ["count==0"],
    });
    const idle = {
      executor: "constant-arrival-rate",
      rate: 0.001,
      warmupMs: 400,
      durationMs: 500,
      request,
    } as const;
    const scenarios = { ...one.load.scenarios, idle };
    const result = await runJob({ ...one, load: { ...one.load, scenarios } });
    const verdicts = verdictsOf(result);
    expect(verdicts["all.ws_ping.p95"]).toBe("not_tested.not_run");
    expect(verdicts["all.vus.value"]).toBe("not_tested.not_run");
    expect(verdicts["idle.response_time.p95"]).toMatch(/^not_tested/);
    expect(verdicts["idle.http_reqs.count"]).toBe("not_tested.not_run");
    expect(result.verdict.outcome).toBe("NOT_PROVEN");
  });

  it("a route the target lacks is error(probe_contract): no load is sent", async () => {
    let requests = 0;
    await using server = await startScriptedServer(() => {
      requests++;
      return "HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n";
    });
    const result = await runJob(loadJob(server.url, { response_time: ["p(95)<900ms"] }));
    expect(new Set(Object.values(verdictsOf(result)))).toEqual(new Set(["error.probe_contract"]));
    expect(requests).toBe(1);
  });

  it("a proven failure ends the run early: its claim fails, the others stay open", async (context) => {
    await using server = await startScriptedServer((n) =>
      n === 0
        ? "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        : "HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n",
    );
    const one = loadJob(server.url, {
      errors: [{ threshold: "rate<10%", abortOnFail: true }],
      response_time: ["p(95)<900ms"],
    });
    const scenario = {
      executor: "constant-arrival-rate",
      rate: 50,
      durationMs: 30_000,
      request,
    } as const;
    const job = { ...one, load: { ...one.load, scenarios: { get: scenario } } };
    let tookMs = 0;
    const once = async (): Promise<ValidationResult> => {
      const started = performance.now();
      const result = await runJob(job);
      tookMs = performance.now() - started;
      return result;
    };
    const isProven = (result: ValidationResult): boolean =>
      verdictsOf(result)["all.errors.rate"] === "failed.limit";
    const result = await quietRun(context, once, isProven);
    expect(tookMs).toBeLessThan(15_000);
    expect(verdictsOf(result)["all.errors.rate"]).toBe("failed.limit");
    expect(verdictsOf(result)["all.response_time.p95"]).toBe("not_tested.cancelled");
    expect(result.exitCode).toBe(1);
    expect(await verifyExit(result)).toBe(0);
  }, 240_000);

  it("refusals at once beside answers that take longer than two looks end no run", async () => {
    const clock = systemClock();
    const ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    await using server = await startScriptedServer((n, socket) => {
      if (n === 0) return ok;
      if (n % 20 === 0) return "HTTP/1.1 429 X\r\ncontent-length: 0\r\n\r\n";
      clock.after(5_000, () => socket.write(ok));
      return undefined;
    });
    const one = loadJob(server.url, { errors: [{ threshold: "rate<20%", abortOnFail: true }] });
    const open = { executor: "constant-arrival-rate", rate: 50, durationMs: 5_000 } as const;
    const scenarios = { get: { ...open, request } };
    const { verdict } = await runJob({ ...one, load: { ...one.load, scenarios } });
    const claim = verdict.claims.find(({ id }) => id === "all.errors.rate");
    // All that was planned fell due, and was counted.
    expect(claim).toMatchObject({ n: 250 });
    expect(claim?.verdict).not.toBe("failed");
  }, 60_000);

  it("an exploring run makes every claim optional and ends NOT_PROVEN", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const result = await runJob(loadJob(server.url, { errors: ["rate<1%"] }, { explore: true }));
    expect(result.verdict.counts.required).toBe(0);
    expect(result.exitCode).toBe(2);
  });

  it("a live change takes every verdict, unless its guard is waived by name and day", async (context) => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const waiver = {
      guard: "guard.load.schedule",
      owner: "ops",
      reason: "trial",
      expires: "2999-01-01",
    };
    const edited = async (waive: LoadJob["waive"]): Promise<ValidationResult> => {
      const control = new LoadControl();
      control.edit("get", { rate: 60 });
      return runJob(loadJob(server.url, { errors: ["rate<5%"] }, { waive }), { control });
    };
    const errorsOf = (one: ValidationResult): string | undefined =>
      verdictsOf(one)["all.errors.rate"];
    const taken = async (): Promise<ValidationResult> => {
      const one = await edited([]);
      expect([errorsOf(one)?.split(".")[0], one.verdict.outcome]).toEqual([
        "inconclusive",
        "NOT_PROVEN",
      ]);
      return one;
    };
    const breached = await quietRun(context, taken, (one) => errorsOf(one) === "inconclusive.gaps");
    expect(errorsOf(breached)).toBe("inconclusive.gaps");
    const waived = await quietRun(
      context,
      () => edited([waiver]),
      (one) => errorsOf(one) === "passed",
    );
    expect(errorsOf(waived)).toBe("passed");
    const guard = waived.verdict.guards.find(({ guard: id }) => id === waiver.guard);
    expect(guard).toMatchObject({ holds: false, waived: { owner: "ops", expires: "2999-01-01" } });
    expect(await verifyExit(waived)).toBe(0);
  });

  it("Ctrl-C ends a run with a bundle that verifies, is NOT_PROVEN and exits 130", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const stop = new AbortController();
    const result = await runJob(loadJob(server.url, { errors: ["rate<5%"] }), {
      signal: stop.signal,
      onFrame: () => stop.abort(),
    });
    expect(result.exitCode).toBe(130);
    expect(result.verdict.outcome).toBe("NOT_PROVEN");
    expect([0, 2]).toContain(await verifyExit(result));
  });

  it("a scenario that throws is an error of ours, never a failure of the target", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const folder = scratchFolder();
    writeFileSync(
      join(folder, "broken.mjs"),
      'export async function broken(vu) { await vu.http.get("/"); throw new Error("oops"); }\n',
    );
    const one = loadJob(server.url, { errors: ["rate<50%"] });
    const exec = { kind: "module", file: "./broken.mjs", export: "broken" } as const;
    const scenario = {
      executor: "constant-arrival-rate",
      rate: 50,
      durationMs: 1_000,
      exec,
    } as const;
    const load = { ...one.load, folder, scenarios: { get: scenario } };
    const result = await runJob({ ...one, load });
    const claim = result.verdict.claims.find(({ id }) => id === "all.errors.rate");
    expect([claim?.verdict, claim?.reason]).toEqual(["error", "crashed"]);
    expect(claim?.sentence).toContain("the scenario's own fault");
  });

  it("no file of the run holds the key, the secrets or a header's value", async () => {
    await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
    const one = loadJob(server.url, { errors: ["rate<5%"] });
    const target = {
      baseUrl: server.url,
      apiKey: "sk-very-secret-0001",
      headers: { "x-tenant": "tenant-secret-0002" },
      mcp: { version: "2025-11-25", path: "/mcp", headers: { "x-a": "mcp-secret-0004" } },
      rooms: { path: "/ws", headers: { "x-b": "rooms-secret-0005" } },
      rag: store("rag-secret-0006"),
    } as const;
    const secrets = { "env:OTHER": "other-secret-0003" };
    const { get: plain } = one.load.scenarios;
    if (plain?.request?.kind !== "http") throw new TypeError("the job has no scenario");
    // Nobody's reference: a value as somebody wrote it into the plan.
    const headers = { ...plain.request.headers, "x-d": "request-secret-0008" };
    const get = { ...plain, request: { ...plain.request, headers } };
    const { request: _request, ...terms } = get;
    const exec = {
      kind: "rag",
      options: { ...store("part-secret-0007"), text: "", ingestShare: 0 },
    } as const;
    const scenarios = { get, ask: { ...terms, exec } };
    const load = { ...one.load, target, secrets, scenarios };
    const result = await runJob({ ...one, load }, { apiKey: target.apiKey });
    const files = [...(await readBundle(result.runDir))];
    for (const [name, bytes] of files) {
      const text = Buffer.from(bytes).toString("utf8");
      expect(/[a-z]+-secret-\d{4}/.exec(text)?.[0], name).toBeUndefined();
    }
    const plan = Buffer.from(files.find(([name]) => name === "plan.json")?.[1] ?? []).toString();
    for (const name of ["x-tenant", "x-a", "x-b", "x-c", "x-d"])
      expect(plan).toContain(`"${name}"`);
  });
});
