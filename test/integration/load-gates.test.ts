import { createServer } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { serveOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import {
  claimsThat,
  emptyDir,
  type Ended,
  evidenceOf,
  runCli,
  runDirOf,
  verdictOf,
} from "./cli-process.ts";
import { hdrInterval } from "./load/hdr.ts";
import { judgeRounds, unless } from "./load/rounds.ts";
import { decidable, skipIfOpen } from "./readiness.ts";

const clock = systemClock();

/** The gates of the report that R4 is taken from, each with its unit. */
const thresholds = {
  response_time: [
    { threshold: "p(95)<200ms", id: "gate.p95" },
    { threshold: "p(99)<500ms", id: "gate.p99" },
    { threshold: "avg<120ms", id: "gate.avg" },
  ],
  errors: [{ threshold: "rate<1%", id: "gate.errors" }],
  "http_reqs{scenario:open}": [{ threshold: "rate>=500/s", id: "gate.throughput" }],
};
const gates = ["gate.p95", "gate.p99", "gate.avg", "gate.errors", "gate.throughput"];

interface App extends AsyncDisposable {
  readonly url: string;
  /** Answers by their status. */
  readonly counts: Map<number, number>;
}

/** Answers the nth request as `answerOf` says: a status, after so many ms. */
async function startApp(
  answerOf: (n: number) => readonly [status: number, ms: number],
): Promise<App> {
  const counts = new Map<number, number>();
  let n = 0;
  const server = createServer((_, response) => {
    const [status, ms] = answerOf(n++);
    counts.set(status, (counts.get(status) ?? 0) + 1);
    response.statusCode = status;
    if (ms === 0) response.end("ok");
    else clock.after(ms, () => response.end("late"));
  });
  return { ...(await serveOnLoopback(server)), counts };
}

interface Ran {
  readonly ended: Ended;
  readonly dir: string;
}

/** Runs a plan of these scenarios, each a GET; as JSON but for one whose text is looked at. */
async function load(
  url: string,
  given: Readonly<Record<string, object>>,
  o: { readonly thresholds?: object; readonly isText?: true } = {},
): Promise<Ran> {
  const cwd = emptyDir();
  const steps = [{ name: "get", http: "/" }];
  const scenarios = Object.fromEntries(
    Object.entries(given).map(([name, scenario]) => [name, { ...scenario, steps }]),
  );
  const own = { scenarios, thresholds: o.thresholds ?? thresholds };
  const plan = { load: { target: { baseUrl: url }, ...own } };
  writeFileSync(join(cwd, "plan.yaml"), JSON.stringify(plan));
  const argv = ["load", "plan.yaml", ...(o.isText ? [] : ["--json"])];
  const ended = await runCli(cwd, argv);
  return { ended, dir: runDirOf(cwd) };
}

interface Noted {
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the records of a run hold under this name. */
function noted<T>(dir: string, key: string): T[] {
  const lines = evidenceOf(dir).trimEnd().split("\n");
  return lines
    .map((line) => JSON.parse(line) as Noted)
    .flatMap(({ data }) => (data[key] === undefined ? [] : [data[key] as T]));
}

/** An artifact of the run as text, by the name its note gives it. */
function artifactOf(dir: string, name: string): string {
  const named = noted<{ readonly name: string; readonly digest: string }>(dir, "artifact");
  const digest = named.find((one) => one.name === name)?.digest ?? "none";
  return readFileSync(join(dir, "artifacts", digest), "utf8");
}

describe("gates of a load plan, through the command", () => {
  const stages = [
    { duration: "200ms", target: 5 },
    { duration: "200ms", target: 10 },
    { duration: "400ms", target: 10 },
    { duration: "200ms", target: 0 },
  ];

  it("a target within all of them, under users that ramp 5, 10, 10, 0: passed, exit 0, its histograms kept [R4-29] [R4-11] [R4-16]", async (context) => {
    await judgeRounds(context, within, 2);
  }, 240_000);

  async function within(): Promise<readonly string[]> {
    await using app = await startApp(() => [200, 0]);
    const { ended, dir } = await load(app.url, {
      users: { executor: "ramping-vus", stages },
      open: { executor: "constant-arrival-rate", rate: 600, duration: "1s" },
    });
    const verdict = verdictOf(ended);
    const statements = verdict.claims.map(({ statement }) => statement).join("\n");
    for (const unit of ["p95 < 200 ms", "p99 < 500 ms", "avg < 120 ms", "rate < 1 %", ">= 500/s"])
      expect(statements).toContain(unit);
    expect(ended.code).toBe(verdict.exitCode);
    const log = artifactOf(dir, "histograms.hdr");
    const kept = ["users", "open"].map((name) => hdrInterval(log, `${name}.response_time`));
    const count = kept.reduce((sum, one) => sum + one.count, 0);
    // One of each goes before the load, to learn whether the route is there.
    const sent = (app.counts.get(200) ?? 0) - kept.length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(sent);
    const passed = claimsThat(verdict, "passed");
    const p95Ms = kept[1]?.quantileMs(0.95) ?? Number.NaN;
    return [
      ...gates.flatMap((id) => unless(passed.includes(id), `${id} is not passed`)),
      ...unless(ended.code === 0, `exit ${ended.code}`),
      ...unless(count === sent, `${count} of ${sent} are in the histograms`),
      ...unless(p95Ms < 200, `the histogram's p95 is ${p95Ms} ms`),
    ];
  }

  it("a target beyond each of them: failed, exit 1, and a 404, a 429 and a 500 are errors of their own kind [R4-29] [R4-13]", async (context) => {
    // The first request goes before the load: what is not found there is an error of the plan.
    const bad = [200, 404, 429, 500, 500];
    await using app = await startApp((n) => [bad[n % 20] ?? 200, n % 4 === 0 ? 700 : 0]);
    const { ended, dir } = await load(app.url, {
      open: { executor: "constant-arrival-rate", rate: 300, duration: "1s" },
    });
    const verdict = verdictOf(ended);
    expect(claimsThat(verdict, "passed").filter((id) => gates.includes(id))).toEqual([]);
    const [accounts = []] = noted<readonly Account[]>(dir, "accounts");
    const [account] = accounts;
    const of = (status: number, before = 0): number => (app.counts.get(status) ?? 0) - before;
    expect(account?.bad).toMatchObject({
      status_4xx: of(404),
      status_429: of(429),
      status_5xx: of(500),
    });
    expect(account?.ok).toBe(of(200, 1));
    const total = Object.values(account?.bad ?? {}).reduce((sum, one) => sum + one, 0);
    expect((account?.ok ?? 0) + total).toBe(account?.due);
    const told = decidable(verdict, gates);
    expect(claimsThat(verdict, "failed")).toEqual(expect.arrayContaining(told));
    expect(ended.code).toBe(verdict.exitCode);
    skipIfOpen(context, verdict, gates);
    expect(ended.code).toBe(1);
  }, 110_000);

  it("a total is the sum of its stages; a share and a bare number say what they mean, and a plain 99 is refused [R4-16]", async () => {
    const cwd = emptyDir();
    const url = "http://127.0.0.1:9/v1";
    const target = ["--target", url, "--model", "m"];
    const load = { scenarios: { a: { executor: "ramping-vus", stages, steps: [{ http: "/" }] } } };
    const bare = {
      load: { target: { baseUrl: url }, ...load, thresholds: { errors: ["rate<0.1"] } },
    };
    writeFileSync(join(cwd, "bare.yaml"), JSON.stringify(bare));
    const claim = {
      id: "own.success",
      statement: "chat answers",
      kind: "proportion",
      of: "load.chat.success",
      category: "Performance & Capacity",
      rationale: "a promise of our own",
    };
    const plan = { target: { url }, claims: [{ ...claim, target: 99 }] };
    writeFileSync(join(cwd, "plan.yaml"), JSON.stringify(plan));
    const [profile, said, refused] = await Promise.all([
      runCli(cwd, ["load", "--profile", "baseline", "--dry-run", ...target]),
      runCli(cwd, ["load", "bare.yaml", "--dry-run"]),
      runCli(cwd, ["plan", "--plan", "plan.yaml"]),
    ]);
    // 30 + 30 + 60 + 20 s.
    expect(profile.out).toMatch(/ 2\.3 min, at most 10 users/);
    expect(said.out + said.err).toContain("errors: rate<0.1 means 10 %");
    expect(refused.code).toBe(78);
    expect(refused.err).toMatch(/LL_PLAN_UNIT claims\[0\]\.target/);
  }, 60_000);
});

interface Account {
  readonly due: number;
  readonly ok: number;
  readonly bad: Readonly<Record<string, number>>;
}

describe("a ladder through the command", () => {
  it("measures each size, fits a law, and says where it is extrapolated from which range [R4-12]", async (context) => {
    await judgeRounds(context, async () => {
      await using app = await startApp(() => [200, 10]);
      const users = [1, 2, 4, 8, 16];
      const scenario = { executor: "ladder", users, hold: "200ms", rounds: 2 };
      const wanted = { errors: ["rate<5%"] };
      const { ended, dir } = await load(
        app.url,
        { sizes: scenario },
        { thresholds: wanted, isText: true },
      );
      const [ladder] = noted<Ladder>(dir, "result");
      expect(ladder?.sizes.map((size) => size.users)).toEqual(users);
      for (const size of ladder?.sizes ?? []) expect(size.okPerSecond).toBeGreaterThan(0);
      const fit = ladder?.fit ?? null;
      if (fit !== null) {
        expect(fit).toMatchObject({ provenance: "derived", measuredUsers: [1, 16] });
        expect(fit.curve.at(-1)?.[0]).toBe(32);
        expect(ended.out + ended.err).toMatch(
          /derived, not measured: .*polated by the law of 1 to 16 users/,
        );
      }
      return unless(fit !== null, "no law fits what these sizes came to");
    });
  }, 110_000);
});

interface Ladder {
  readonly sizes: readonly { readonly users: number; readonly okPerSecond: number }[];
  readonly fit: { readonly curve: readonly (readonly [number, number])[] } | null;
}
