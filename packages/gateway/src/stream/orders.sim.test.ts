import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { createWorld, type OrderOptions } from "./orders.fixture.ts";
import { decideStream, type StreamCell, type StreamInput, type StreamState } from "./machine.ts";
import { judge, play } from "./random-order.fixture.ts";

const orders = 100_000;
const ordersToNotice = 2000;

describe("random orders of events", () => {
  it(`${orders} orders: one exit, nothing after it, and what was sent is a prefix`, () => {
    const random = seededRandom(20_260_101);
    const world = createWorld();
    const reasons = new Map<string, number>();
    let chunks = 0;
    for (let number = 0; number < orders; number++) {
      const order = play(random, world);
      const problem = judge(order);
      if (problem !== "") expect.fail(`order ${number}: ${problem}\n${order.client.text}`);
      chunks += order.client.chunks;
      const reason = order.exits[0]?.reason ?? "";
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    world.clock.advance(5000);
    // Events were also passed on in the framing they came in.
    expect(chunks).toBeGreaterThan(2000);
    // Every way to end was taken, and nothing is watched any more.
    for (const reason of ["ok", "failed", "cut", "client_left"])
      expect(reasons.get(reason), reason).toBeGreaterThan(500);
    expect(world.clock.pending).toBe(0);
    const text = world.metrics.render();
    expect(text).toContain("loadline_streams_open 0\n");
  }, 240_000);
});

type Knock = (state: StreamState, input: StreamInput) => StreamCell | undefined;

/** The machine with some cells replaced. */
function knockedOut(knock: Knock): Partial<OrderOptions> {
  const decide: typeof decideStream = (state, input, isHeadSent) =>
    knock(state, input) ?? decideStream(state, input, isHeadSent);
  return { decide };
}

const saboteurs: readonly [string, Partial<OrderOptions>, string][] = [
  [
    "an early [DONE] is relayed",
    knockedOut((state, input) =>
      state === "open" && input === "marker" ? { action: "relay", to: "open" } : undefined,
    ),
    "an end marker that is not the truth",
  ],
  [
    "a preamble is forwarded",
    knockedOut((state, input) =>
      state === "hold" && input === "preamble" ? { action: "commit", to: "open" } : undefined,
    ),
    "a preamble without content",
  ],
  [
    "a cut stream ends as if it were whole",
    knockedOut((state, input) =>
      state === "open" && input === "fault" ? { action: "append", to: "done" } : undefined,
    ),
    "an end marker that is not the truth",
  ],
  [
    "a cut is no end",
    knockedOut((state, input) =>
      state === "open" && input === "fault"
        ? { action: "cut", to: "open", code: "LL_STREAM_CUT" }
        : undefined,
    ),
    "a word after the end",
  ],
  ["an abort is not passed on", { isAbortLost: true }, "an upstream works for nobody"],
];

describe("saboteurs", () => {
  it.each(saboteurs)("%s: the orders notice", (_name, sabotage, wanted) => {
    const random = seededRandom(7);
    const world = createWorld();
    const problems = new Set<string>();
    for (let i = 0; i < ordersToNotice; i++) problems.add(judge(play(random, world, sabotage)));
    expect([...problems]).toContain(wanted);
  });

  it("none of these is seen without a saboteur", () => {
    const random = seededRandom(7);
    const world = createWorld();
    for (let i = 0; i < ordersToNotice; i++) expect(judge(play(random, world))).toBe("");
  });
});
