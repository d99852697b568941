import { createServer } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { serveOnLoopback } from "../../../../testkit/src/listen.ts";
import { startSimulator } from "../../../../testkit/src/simulator/index.ts";
import { createHttpClient } from "../clients/http.ts";
import { createLlmClient } from "../clients/llm/llm-client.ts";
import { planFolder, ran } from "../plan/run.fixture.ts";
import { timeoutsOf } from "./timeouts.ts";

const base = { path: "", headers: ["host", "h"] };

describe("how long a request is waited for", () => {
  it("is 5 s to connect, 30 s between reads, and by its kind: 30 and 120 s, of a model 60 and 600", () => {
    const plain = createHttpClient({ kind: "http", method: "GET", path: "/" }, base);
    const ask = { model: "m", prompts: ["a"], maxTokens: 8, stream: true } as const;
    const model = createLlmClient({ kind: "chat", ...ask }, base, { seed: 1 });
    const shared = { connectMs: 5_000, idleMs: 30_000 };
    expect(timeoutsOf(plain)).toEqual({ ...shared, firstByteMs: 30_000, totalMs: 120_000 });
    expect(timeoutsOf(model)).toEqual({ ...shared, firstByteMs: 60_000, totalMs: 600_000 });
  });

  it("is what the plan says instead, and what the request says before that", () => {
    const kind = { firstByteMs: 1, totalMs: 2 };
    const plan = { connectMs: 3, idleMs: 4, totalMs: 5 };
    expect(timeoutsOf(kind, plan)).toEqual({ ...plan, firstByteMs: 1 });
    const own = { firstByteMs: 6, totalMs: 6 };
    expect(timeoutsOf({ ...kind, ownMs: 6 }, plan)).toEqual({ ...plan, ...own });
  });

  it("of a model that stalls is that of a first byte, in the middle of a stream that of a gap", async () => {
    await using model = await startSimulator({
      clock: systemClock(),
      model: "m",
      faults: [{ from: 1, to: 3, give: "stall" }],
    });
    using folder = planFolder();
    const ask = (stream: boolean): string =>
      `{ llm: { chat: { model: m, prompt: hi, maxTokens: 4, stream: ${stream} } } }`;
    const { plan } = await folder.compile(`load:
  target: { baseUrl: "${model.baseUrl}" }
  timeouts: { firstByte: 300ms, idle: 400ms }
  scenarios:
    s: { executor: shared-iterations, steps: [${[false, false, true, true].map(ask).join(", ")}] }
`);
    const { accounts } = await ran(plan);
    expect(accounts[0]).toMatchObject({ due: 4, ok: 2 });
    expect(accounts[0]?.bad).toEqual({ timeout_first_byte: 1, timeout_idle: 1 });
  });

  it("a step's own time ends it where the plan would wait longer, and the others wait on", async () => {
    await using mute = await serveOnLoopback(createServer((socket) => void socket.resume()));
    using folder = planFolder();
    const { plan } = await folder.compile(`load:
  target: { baseUrl: "${mute.url}" }
  timeouts: { firstByte: 600ms, total: 20s }
  scenarios:
    s:
      executor: shared-iterations
      steps:
        - { name: short, http: { path: /, timeout: 100ms } }
        - { name: long, http: / }
`);
    const { accounts } = await ran(plan);
    expect(accounts[0]?.bad).toEqual({ timeout_total: 1, timeout_first_byte: 1 });
  });
});
