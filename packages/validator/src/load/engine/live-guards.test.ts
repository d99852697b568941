import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { startStallServer } from "../../../../testkit/src/stall-server/index.ts";
import { quietest } from "../../../../testkit/src/quietest.ts";
import { loadGuards } from "../guards/index.ts";
import { runLoad } from "../run-load.ts";
import type { LiveFrame, LoadPlan } from "../types.ts";

describe("guards of a run under way", () => {
  it("every frame has each guard with its figure and limit, those of the thread within two seconds", async () => {
    await using server = await startStallServer({ delayMs: 1, stallMs: 0, everyMs: 1_000 });
    const limit = { scenario: "get", claim: "c", stream: "load.c", part: "all" } as const;
    const plan: LoadPlan = {
      target: { baseUrl: server.url },
      seed: 7,
      scenarios: {
        get: {
          executor: "constant-arrival-rate",
          rate: 50,
          durationMs: 1_800,
          request: { kind: "http", method: "GET", path: "/" },
        },
      },
      limits: [{ ...limit, metric: "response_time", limitMs: 1_000 }],
    };
    const measure = async (): Promise<number> => {
      const frames: LiveFrame[] = [];
      for await (const record of runLoad(plan, { clock: systemClock(), engine: "inline" })) {
        if (record.type === "frame") frames.push(record.frame);
      }
      expect(frames.length).toBeGreaterThan(0);
      for (const { guards = [] } of frames) {
        expect(guards.map(({ guard }) => guard)).toEqual(loadGuards.map(({ id }) => id));
      }
      const figures = frames
        .slice(0, -1)
        .map((frame) => frame.guards?.find(({ guard }) => guard === "guard.load.loop")?.figure);
      return new Set(figures).size;
    };
    // A machine without time for frames shows none that differ.
    expect(await quietest(measure, (figures) => figures > 1)).toBeGreaterThan(1);
  }, 60_000);
});
