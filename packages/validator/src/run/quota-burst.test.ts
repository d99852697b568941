import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyBundle } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { quietest } from "../../../testkit/src/quietest.ts";
import { afterEach, describe, expect, it } from "vitest";
import { readBundle } from "../evidence/read-bundle.ts";
import { sha256 } from "../evidence/sha256.ts";
import { bindJob, findProfile, jobOfProfile, profileManifestSchema } from "../load/index.ts";
import { textReporters } from "../reporters/table.ts";
import { runLoadJob } from "./run-load-job.ts";
import type { ValidationResult } from "./types.ts";

/** As good as no refill: whom it admits depends on no clock, so a busy machine changes nothing. */
const limiter = { kind: "token_bucket", limit: 1, periodMs: 3_600_000, burst: 400 } as const;
const keys = { a: "sk-key-of-a-0001", other: "sk-key-of-b-0002" };

/** What a dishonest target does beside answering. */
interface Lies {
  readonly noRetryAfter?: boolean;
  readonly admitsTwice?: boolean;
  readonly breaksUnderBurst?: boolean;
  readonly slowsOthers?: boolean;
  readonly refusesOthers?: boolean;
}

const clock = systemClock();
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const answer = JSON.stringify({
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

/** A target with a token bucket for key A and none in reach for key B. */
async function startQuota(lies: Lies): Promise<string> {
  let tokens = limiter.burst * (lies.admitsTwice === true ? 2 : 1);
  let burstMs = 0;
  let count = 0;
  const server = createServer((request, response) => {
    request.resume();
    const nowMs = performance.now();
    const send = (status: number, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(status === 200 ? answer : "{}");
    };
    if (request.url === "/v1/models") return send(200);
    count++;
    const isBusy = nowMs - burstMs < 25;
    if (request.headers.authorization === `Bearer ${keys.other}`) {
      if (lies.refusesOthers === true && isBusy && count % 3 === 0) return send(429);
      const slowMs = lies.slowsOthers === true && isBusy ? 120 : 0;
      clock.after(30 + slowMs, () => send(200));
      return;
    }
    burstMs = nowMs;
    if (tokens-- > 0) return send(200);
    if (lies.breaksUnderBurst === true && count % 100 === 7)
      return send(count % 200 === 7 ? 503 : 500);
    send(429, lies.noRetryAfter === true && count % 50 === 0 ? {} : { "retry-after": "1" });
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${await listenOnLoopback(server)}`;
}

interface Ran {
  readonly result: ValidationResult;
  readonly verdicts: Readonly<Record<string, string>>;
}

async function burst(lies: Lies, rest: object = { otherKey: { keyEnv: "OTHER" } }): Promise<Ran> {
  const baseUrl = await startQuota(lies);
  const runsDir = mkdtempSync(join(tmpdir(), "loadline-quota-"));
  closers.push(() => rmSync(runsDir, { recursive: true, force: true }));
  const job = jobOfProfile(findProfile("quota-burst"), {
    load: { target: { baseUrl, apiKey: keys.a, keys: { other: keys.other } }, seed: 7 },
    name: baseUrl,
    manifest: profileManifestSchema.parse({ model: "tiny", limiter, ...rest }),
    terms: { durationMs: 6_000, rate: 200 },
    explore: false,
  });
  const result = await runLoadJob(bindJob(job), {
    clock,
    random: seededRandom(5),
    runsDir,
    toolVersion: "0.1.0",
    reporters: textReporters,
    onProgress: () => undefined,
    onWarning: () => undefined,
    signal: new AbortController().signal,
    apiKey: keys.a,
  });
  const verdicts = Object.fromEntries(
    result.verdict.claims.map((claim) => [claim.id, claim.verdict]),
  );
  return { result, verdicts };
}

const hasPassed = (verdicts: Ran["verdicts"]): boolean =>
  Object.entries(verdicts).every(
    ([id, verdict]) => verdict === "passed" || ["other_key.p99", "burst.errors"].includes(id),
  );

describe("quota-burst against a target that limits two keys", () => {
  it("an honest limiter passes: half refused, each told when, as many admitted as declared, the other key unharmed [R2-24]", async () => {
    // A machine that is busy may leave a claim of a burst undecided; a fault is in every burst.
    const honest = async (): Promise<Ran> => {
      const ran = await burst({});
      expect(Object.values(ran.verdicts)).not.toContain("failed");
      return ran;
    };
    const { result, verdicts } = await quietest(honest, (round) => hasPassed(round.verdicts), 3);
    const { "other_key.p99": compared, "burst.errors": errors, ...others } = verdicts;
    expect(others).toEqual({
      "burst.refused": "passed",
      "burst.retry_after": "passed",
      "burst.no_5xx": "passed",
      "burst.no_503": "passed",
      "burst.admitted": "passed",
      "other_key.no_429": "passed",
      "load.errors": "passed",
      "load.alive": "passed",
    });
    // A machine that is not quiet, or refusals in one long row, decide nothing; they never fail.
    for (const one of [compared, errors]) expect(["passed", "inconclusive"]).toContain(one);
    const row = result.verdict.claims.find(({ id }) => id === "other_key.p99");
    expect(row?.n).toBe(20);
    const bundle = await readBundle(result.runDir);
    const renderers = Object.fromEntries(textReporters.map((r) => [r.file, r.render]));
    expect((await verifyBundle(bundle, { digest: sha256, renderers })).exit).toBe(0);
    for (const [name, bytes] of bundle) {
      const text = Buffer.from(bytes).toString("utf8");
      for (const key of Object.values(keys)) expect(text.includes(key), name).toBe(false);
    }
  }, 120_000);

  it("a target that lies in every way passes no claim it lies about [R2-24]", async () => {
    const lies = { noRetryAfter: true, admitsTwice: true, breaksUnderBurst: true };
    const { result, verdicts } = await burst({ ...lies, slowsOthers: true, refusesOthers: true });
    const lied = [
      "burst.refused",
      "burst.retry_after",
      "burst.no_5xx",
      "burst.no_503",
      "burst.admitted",
      "other_key.no_429",
      "other_key.p99",
    ];
    // A machine that is busy may leave one undecided; none of them ever passes.
    for (const id of lied) expect(["failed", "inconclusive"], id).toContain(verdicts[id]);
    expect(result.exitCode).not.toBe(0);
    const admitted = result.verdict.claims.find(({ id }) => id === "burst.admitted");
    expect(admitted?.sentence).toMatch(/\d+ of 1200 requests were admitted; .* lets \d+ through/);
  }, 60_000);

  it("without a limiter or a second key their claims stay declared and not tested", async () => {
    const { result, verdicts } = await burst({}, { limiter: undefined });
    const open = ["burst.admitted", "other_key.no_429", "other_key.p99"];
    for (const id of open) expect([id, verdicts[id]]).toEqual([id, "not_tested"]);
    expect(result.verdict.outcome).toBe("NOT_PROVEN");
  }, 60_000);
});
