import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quickPlan } from "../plan/build-plan.ts";
import { hostGuard } from "../probes/host-guard.ts";
import type { StubRule } from "../probes/probe.ts";
import { refusal } from "../probes/samples.ts";
import { probes } from "../probes/table.ts";
import { cleanRules, stubBodyBytesMax, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { runValidation } from "./run-validation.ts";

let runsDir = "";
beforeEach(() => void (runsDir = mkdtempSync(join(tmpdir(), "loadline-starved-"))));
afterEach(() => rmSync(runsDir, { recursive: true, force: true }));

const clock = systemClock();
const stoodMs = 250;

/** Keeps this thread from turning its loop, and with it the stub that listens on it. */
function stand(): void {
  const untilMs = clock.monotonicMs() + stoodMs;
  while (clock.monotonicMs() < untilMs);
}

const plainChat = { path: "/v1/chat/completions", body: "plain" } as const;

/** Probes a clean target but for this rule; the machine stands before the second probe. */
async function probed(
  rule: Omit<StubRule, "when">,
  o: { when?: StubRule["when"]; id?: string } = {},
) {
  const { when = plainChat, id = "openai.chat" } = o;
  await using stub = await startStub([{ when, ...rule }, ...cleanRules]);
  const plan = quickPlan({
    baseUrl: stub.baseUrl,
    apiKeyEnv: "STUB_KEY",
    bodyBytesMax: stubBodyBytesMax,
    unknownModel: "refused",
    embeddingsModel: "stub-model",
    model: "stub-model",
    skip: ["load"],
  });
  const { verdict } = await runValidation(plan, {
    clock,
    random: seededRandom(3),
    runsDir,
    toolVersion: "0.1.0",
    apiKey: stubKey,
    reporters: [],
    onProgress({ stage, done, text }) {
      if (stage === "probe" && done === 1 && text === probes[1]?.summary) stand();
    },
    signal: new AbortController().signal,
  });
  const claim = verdict.claims.find((one) => one.id === id);
  const guards = verdict.guards.filter(({ guard }) => guard === hostGuard.id);
  return { claim, guards, outcome: verdict.outcome };
}

const shed = {
  status: 503,
  json: refusal("cannot keep up", "server_error"),
  headers: { "retry-after": "1" },
} as const;

describe("a target that sheds load on the prober's machine", () => {
  it("while that machine stood is not refuted, and not proven either", async () => {
    const { claim, guards, outcome } = await probed(shed);
    expect(claim).toMatchObject({ verdict: "inconclusive", reason: "noise" });
    expect(claim?.sentence).toMatch(/^guard\.probe\.host did not hold: .*stood for up to \d+ ms/);
    expect(claim?.sentence).toContain("Without it: ");
    expect(guards.map(({ holds }) => holds)).not.toContain(true);
    expect(outcome).toBe("NOT_PROVEN");
  }, 60_000);

  it.each([
    ["a 503 that asks nobody to come back", { status: 503, json: shed.json }],
    ["a 500 that does", { ...shed, status: 500 }],
  ])(
    "%s fails its claim, however long the machine stood",
    async (_name, chat) => {
      const { claim, guards, outcome } = await probed(chat);
      expect(claim).toMatchObject({ verdict: "failed", reason: "false" });
      expect(guards).toEqual([]);
      expect(outcome).toBe("NOT_READY");
    },
    60_000,
  );
});

describe("what costs a server nothing is not forgiven on a busy machine", () => {
  it.each([
    ["its health", { when: { path: "/healthz" }, id: "http.health" }],
    ["that it answers at all", { when: { method: "GET", path: "/" }, id: "http.alive" }],
    ["its list of models", { when: { path: "/v1/models", key: "right" }, id: "openai.models" }],
  ] as const)(
    "%s: a 503 that asks to come back is a failure",
    async (_name, o) => {
      const { claim, guards } = await probed(shed, o);
      expect(claim).toMatchObject({ verdict: "failed", reason: "false" });
      expect(guards).toEqual([]);
    },
    60_000,
  );
});

describe("the guard of the prober's machine", () => {
  const view = { isHere: true, loopMaxMs: 99, bad: 2, shed: 2 };

  it("holds where the loop turned, so that the failure stands, and says what it saw", () => {
    expect(hostGuard.judge(view)).toMatchObject({ holds: true, invalidates: "fail" });
    expect(hostGuard.judge({ ...view, loopMaxMs: 100 })).toMatchObject({ holds: false });
    expect(hostGuard.judge(view)?.seen).toContain("for up to 99 ms, tolerance 100 ms");
  });

  it.each([
    ["of another machine", { isHere: false }],
    ["beside another bad answer", { bad: 3 }],
    ["when nothing was shed", { shed: 0, bad: 0 }],
  ])("has nothing to say %s", (_name, change) => {
    expect(hostGuard.judge({ ...view, loopMaxMs: 5_000, ...change })).toBeNull();
  });
});
