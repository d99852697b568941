import { describe, expect, it } from "vitest";
import type { StageId } from "../../src/pipeline/stage.ts";
import * as out from "./knock-outs.ts";
import * as laws from "./laws.ts";

/** Each promise with a gateway that breaks it in exactly one control. */
const rows: readonly (readonly [
  promise: string,
  saboteur: string,
  law: laws.Law,
  knockOut: out.KnockOut,
  seen: string,
])[] = [
  [
    "9 % errors leave a breaker closed",
    "a bare count",
    laws.ninePercentStayClosed,
    out.bareCount,
    "met an open breaker",
  ],
  [
    "a dead target is left alone",
    "a breaker that is off",
    laws.deadTargetIsLeft,
    out.breakerOff,
    "the dead target was called 40 times",
  ],
  [
    "streams count at their end",
    "success at stream open",
    laws.cutStreamsCount,
    out.successAtOpen,
    "25 cut streams, and the breaker is closed",
  ],
  [
    "leaving callers wedge nothing",
    "a permit leak",
    laws.leavingWedgesNothing,
    out.permitLeak,
    "three callers that left hold the breaker half-open",
  ],
  ["each exchange ends once", "a second exit", laws.oneExit, out.secondExit, "second exits"],
  [
    "unknown work is unknown",
    "unknown booked as 0",
    laws.unknownStaysUnknown,
    out.unknownAsZero,
    "work of unknown size is not in the ledger",
  ],
  [
    "Redis may be lost",
    "readiness tied to it",
    laws.lostStoreKeepsReady,
    out.readinessTiedTo(laws.lostPort),
    "/readyz is 503 without Redis",
  ],
  [
    "a failover takes 500 ms at most",
    "a hidden 2 s retry",
    laws.failoverIsQuick,
    out.hiddenRetry,
    "each call took more than 500 ms",
  ],
  [
    "who leaves frees the upstream",
    "an abort not passed on",
    laws.leavingFreesTheUpstream,
    out.abortNotPassedOn,
    "the upstream works for nobody",
  ],
  [
    "a death is seen while nothing is asked",
    "a pool that is not warm",
    laws.deathIsSeenWhileIdle,
    out.noWarmPool,
    "a dead upstream waits for a call",
  ],
  [
    "answers stay apart",
    "a reuse before the end of a body",
    laws.answersStayApart,
    out.reusedTooEarly,
    "is not its own",
  ],
  [
    "bytes pass through",
    "a splice off by one",
    laws.bytesPassThrough,
    out.spliceOffByOne,
    "other bytes reached the upstream",
  ],
  [
    "no spelling hides a member",
    "an escaped key ignored",
    laws.spellingHidesNothing,
    out.escapedKeyIgnored,
    "a second model got through",
  ],
  [
    "chunks are those of the schema",
    "a chunk without index",
    laws.chunksHaveIndex,
    out.chunkWithoutIndex,
    "a chunk has no index",
  ],
  [
    "a drain loses no stream",
    "a drain that cuts at once",
    laws.drainLosesNothing,
    out.drainAtOnce,
    "a stream was cut by the drain",
  ],
];

/** On the way of a chat, all but those that wait for its body and its answer. */
const prompt: readonly StageId[] = [
  "request-id",
  "accept",
  "overload",
  "audit-ready",
  "address-limit",
  "authenticate",
  "authorize",
  "reserve",
  "route",
];

describe("promises of the gateway", () => {
  it.each(rows)("%s; %s is caught", async (_promise, _saboteur, law, knockOut, seen) => {
    expect(await law({})).toEqual([]);
    expect((await law(knockOut)).join("; ")).toContain(seen);
  });

  it("stages answer at once", async () => {
    expect(await laws.nothingIsAwaited({})).toEqual([]);
  });

  it.each(prompt)("stages answer at once; an awaited no-op at %s is caught", async (id) => {
    expect(await laws.nothingIsAwaited(out.awaitedNoOp(id))).toEqual([`stage ${id} is awaited`]);
  });
});
