import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClaimVerdict, VerdictDocument } from "@loadline/contract";
import { beforeAll, describe, expect, it } from "vitest";
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
import { spoken, startServices, type Services } from "./load/services.ts";
import { decidable, skipIfOpen } from "./readiness.ts";

const parts = ["slow", "limited", "busy", "broken", "hang"] as const;

/** Every way to answer in equal parts, a ramp, and people who talk. */
const suite = {
  load: {
    target: { baseUrl: "http://127.0.0.1:1", model: "m", headers: { "x-suite": "${env:SUITE}" } },
    scenarios: {
      outcomes: {
        executor: "constant-arrival-rate",
        rate: 100,
        duration: "2s",
        mix: Object.fromEntries(
          parts.map((name) => {
            const http = { path: `/${name}`, ...(name === "hang" && { timeout: "400ms" }) };
            return [name, { weight: 20, steps: [{ name, http }] }];
          }),
        ),
      },
      ramp: {
        executor: "ramping-arrival-rate",
        startRate: 10,
        stages: [
          { duration: "1s", target: 10 },
          { duration: "1s", target: 50 },
          { duration: "1s", target: 50, step: true },
        ],
        steps: [{ name: "ramp", http: "/ramp" }],
      },
      talk: {
        executor: "sessions",
        rate: 10,
        duration: "2s",
        turns: 3,
        think: "20ms",
        request: { llm: { chat: { prompts: ["and then?"], maxTokens: 8 } } },
      },
    },
    thresholds: {
      "response_time{step:slow}": [{ threshold: "p(90)<40ms", id: "slow.fast" }],
      "errors{step:slow}": [{ threshold: "rate<20%", id: "slow.good" }],
      "ttft{scenario:talk}": [{ threshold: "p(90)<30s", id: "talk.ttft" }],
      "icl{scenario:talk}": [{ threshold: "p(90)<30s", id: "talk.icl" }],
      "output_tokens{scenario:talk}": [{ threshold: "rate>1", id: "talk.speed" }],
    },
  },
};

/** Twice as much as two connections carry: what waits for one waits from its intended time on. */
const crowd = {
  load: {
    target: { baseUrl: "http://127.0.0.1:1" },
    workers: 1,
    maxConnections: 2,
    scenarios: {
      crowd: {
        executor: "constant-arrival-rate",
        rate: 60,
        duration: "1s",
        steps: [{ name: "slow", http: "/slow" }],
      },
    },
    thresholds: { response_time: ["p(90)<60s"] },
  },
};

interface Ran {
  readonly ended: Ended;
  readonly verdict: VerdictDocument;
  readonly records: readonly { readonly kind: string; readonly data: Record<string, unknown> }[];
  readonly dir: string;
}

async function run(plan: object, url: string, env: Record<string, string> = {}): Promise<Ran> {
  const cwd = emptyDir();
  writeFileSync(join(cwd, "plan.yaml"), JSON.stringify(plan));
  const argv = ["load", "plan.yaml", "--target", url, "--json"];
  const ended = await runCli(cwd, argv, { env: { SUITE: "of-this-place", ...env } });
  const dir = runDirOf(cwd);
  const lines = evidenceOf(dir).trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line) as Ran["records"][number]);
  return { ended, verdict: verdictOf(ended), records, dir };
}

/** Data of the notes of one type. */
const notes = ({ records }: Ran, type: string): Record<string, unknown>[] =>
  records.flatMap(({ kind, data }) => (kind === "note" && data["type"] === type ? [data] : []));

interface Account {
  readonly scenario: string;
  readonly due: number;
  readonly sent: number;
  readonly ok: number;
  readonly bad: Readonly<Record<string, number>>;
  readonly outputTokens: number;
}

function accountOf(ran: Ran, scenario: string): Account {
  const [ended] = notes(ran, "load.ended");
  const accounts = (ended?.["accounts"] ?? []) as readonly Account[];
  const found = accounts.find((one) => one.scenario === scenario);
  if (found === undefined) throw new Error(`no account of ${scenario}`);
  return found;
}

const claimOf = ({ verdict }: Ran, id: string): ClaimVerdict | undefined =>
  verdict.claims.find((one) => one.id === id);

/** An artifact by the name its note gives it. */
function artifactOf(ran: Ran, name: string): string {
  const digests = ran.records.flatMap(({ data }) => {
    const artifact = data["artifact"] as { name?: string; digest?: string } | undefined;
    return artifact?.name === name && artifact.digest !== undefined ? [artifact.digest] : [];
  });
  return readFileSync(join(ran.dir, "artifacts", digests[0] ?? "none"), "utf8");
}

describe("the load of a suite as a command, beside what its target saw", () => {
  let target: Pick<Services, "seen" | "marks" | "asked">;
  let whole: Ran;
  let crowded: Ran;
  beforeAll(async () => {
    await using services = await startServices();
    await using other = await startServices();
    target = services;
    // Nothing of this machine is on the path of the second: no Python, and no other tool.
    [whole, crowded] = await Promise.all([
      run(suite, services.url),
      run(crowd, other.url, { PATH: join(emptyDir(), "nothing") }),
    ]);
  });

  it("a ramp's stages fall due second by second, and what was sent stands beside what was asked for [R2-03]", () => {
    const slices = whole.records.filter(
      ({ kind, data }) => kind === "load.slice" && data["scenario"] === "ramp",
    );
    // Of each second the integral of its stage: held, rising, and held from its first moment on.
    const due = slices.map(({ data }) => data["due"]).filter((n) => n !== 0);
    expect(due).toEqual([10, 30, 50]);
    const [started] = notes(whole, "load.started");
    expect(started?.["scenarios"]).toContainEqual(
      expect.objectContaining({ scenario: "ramp", planned: 90, durationMs: 3000 }),
    );
    const { due: asked, sent, ok } = accountOf(whole, "ramp");
    expect(asked).toBe(90);
    // One request goes before the load, to learn whether the route is there.
    expect(target.seen.get("/ramp")).toBe(sent + 1);
    expect(ok).toBe(sent);
    const guard = whole.verdict.guards.find(({ guard: id }) => id === "guard.load.sent");
    expect(guard?.seen).toMatch(/^\d+ of \d+ due requests were sent, \d+ dropped\.$/);
    // What differs between two places comes from their environment, by name.
    expect([...target.marks]).toEqual(["of-this-place"]);
  });

  it("slow is no error; 429, 503, 5xx and a timeout are four outcomes, of each as many as the target gave [R2-05]", () => {
    const { due, ok, bad } = accountOf(whole, "outcomes");
    expect(due).toBe(200);
    const { status_429, status_503, status_5xx, timeout_total, ...others } = bad;
    expect(others).toEqual({});
    expect([ok, status_429, status_503, status_5xx, timeout_total]).toEqual(
      parts.map((name) => (target.seen.get(`/${name}`) ?? 0) - 1),
    );
    const steps = notes(whole, "steps").flatMap((one) => one["steps"] as readonly Account[]);
    expect(steps.find((one) => "step" in one && one.step === "slow")).toMatchObject({
      due: 40,
      ok: 40,
      bad: {},
    });
    // All forty are over the limit of time, and none is an error.
    expect(claimOf(whole, "slow.fast")).toMatchObject({ n: 40, bad: 40 });
    expect(claimOf(whole, "slow.good")).toMatchObject({ n: 40, bad: 0 });
    expect(claimsThat(whole.verdict, "passed")).not.toContain("slow.fast");
  });

  it("a breach is a failed claim and a non-zero exit [R2-04]", (context) => {
    const { ended, verdict } = whole;
    expect(ended.code).toBe(verdict.exitCode);
    expect([1, 2]).toContain(ended.code);
    // 160 of 200 are errors; only a machine that sent another traffic than the plan's leaves it open.
    expect(claimOf(whole, "load.errors")).toMatchObject({ n: 200, bad: 160 });
    skipIfOpen(context, verdict, ["load.errors"]);
    expect(claimOf(whole, "load.errors")).toMatchObject({ verdict: "failed", reason: "limit" });
    expect([ended.code, verdict.outcome]).toEqual([1, "NOT_READY"]);
  });

  it("a breach of time is a failed claim, too", (context) => {
    const { verdict } = whole;
    expect(claimsThat(verdict, "failed")).toEqual(
      expect.arrayContaining(decidable(verdict, ["slow.fast"])),
    );
    skipIfOpen(context, verdict, ["slow.fast"]);
  });

  it("each turn of a conversation carries all that was said; first token, gaps and tokens per second are the target's [R2-08]", () => {
    const { due, ok, outputTokens } = accountOf(whole, "talk");
    expect([due, ok]).toEqual([60, 60]);
    const lengths = target.asked.map((messages) => messages.length);
    for (const length of [1, 3, 5]) {
      expect(lengths.filter((one) => one === length).length).toBeGreaterThanOrEqual(20);
    }
    const said = Array.from({ length: spoken.tokens }, (_, i) => `w${i} `).join("");
    const last = target.asked.find((messages) => messages.length === 5);
    const question = { role: "user", content: "and then?" };
    const answer = { role: "assistant", content: said };
    expect(last).toEqual([question, answer, question, answer, question]);
    expect(outputTokens).toBe(60 * spoken.tokens);

    // A busy machine adds to these times and takes nothing away; a timer may be a ms early.
    const log = artifactOf(whole, "histograms.hdr");
    const first = hdrInterval(log, "talk.ttft");
    expect(first.quantileMs(0)).toBeGreaterThanOrEqual(spoken.firstMs - 2);
    expect(hdrInterval(log, "talk.service_time").quantileMs(0)).toBeGreaterThanOrEqual(
      spoken.firstMs + (spoken.tokens - 1) * (spoken.gapMs - 2),
    );
    const figures = notes(whole, "figure").map((one) => one["figure"] as Record<string, unknown>);
    const gaps = figures.find((one) => one["figure"] === "icl");
    expect(gaps).toMatchObject({ count: 60 * (spoken.tokens - 1), bad: 0 });
    const meanMs = Number(gaps?.["sum"]) / Number(gaps?.["count"]);
    expect(meanMs).toBeGreaterThanOrEqual(spoken.gapMs - 2);
    // By the server's own count, none of them guessed from events.
    expect(figures.find((one) => one["figure"] === "output_tokens{source:usage}")).toMatchObject({
      sum: 60 * spoken.tokens,
    });
    expect(claimOf(whole, "talk.speed")?.sentence).toMatch(/^Observed [\d.]+\/s over 60 requests/);
    for (const id of ["talk.ttft", "talk.icl"])
      expect(claimOf(whole, id)).toMatchObject({ bad: 0 });
  });

  it("the histogram in evidence counts from the intended time: who waited for a connection waited [R2-06]", () => {
    const { due, ok } = accountOf(crowded, "crowd");
    expect([due, ok]).toEqual([60, 60]);
    const log = artifactOf(crowded, "histograms.hdr");
    const response = hdrInterval(log, "crowd.response_time");
    const service = hdrInterval(log, "crowd.service_time");
    expect([response.count, service.count]).toEqual([60, 60]);
    // Two at a time, 80 ms each: the last is answered 2.4 s after the first fell due, and fell due
    // 1 s after it.
    expect(response.quantileMs(1)).toBeGreaterThan(1300);
    expect(response.quantileMs(0.5)).toBeGreaterThan(600);
    expect(service.quantileMs(0.5)).toBeLessThan(response.quantileMs(0.5));
    for (const q of [0.5, 0.95, 0.99]) {
      expect(service.quantileMs(q)).toBeGreaterThanOrEqual(78);
      expect(service.quantileMs(q)).toBeLessThanOrEqual(response.quantileMs(q));
    }
    // The same in JSON: the verdict's percentile is the histogram's.
    const claim = claimOf(crowded, "all.response_time.p90");
    const shown = claim?.observed?.value ?? Number.NaN;
    expect(Math.abs(response.quantileMs(0.9) / shown - 1)).toBeLessThan(0.004);
    expect(claim).toMatchObject({ n: 60 });
    expect(accountOf(crowded, "crowd").sent).toBe(60);
  });

  it("a load needs no Python and no other tool: with nothing on the path it is sent, counted and reported whole [R2-56]", () => {
    const { ended, verdict, dir } = crowded;
    expect(ended.err).not.toMatch(/not found|ENOENT/);
    expect(verdict.claims.map(({ reason }) => reason)).not.toContain("tool_missing");
    expect(verdict.claims.map(({ verdict: word }) => word)).not.toContain("error");
    expect(claimOf(crowded, "load.alive")?.verdict).toBe("passed");
    for (const view of ["report.html", "report.md", "junit.xml", "manifest.json"]) {
      expect(existsSync(join(dir, view)), view).toBe(true);
    }
  });
});
