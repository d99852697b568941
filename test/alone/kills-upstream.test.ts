import { describe, it } from "vitest";
import { startHttpUpstreams } from "./kills/http-upstreams.ts";
import {
  expectFastAnswers,
  expectFastSwitches,
  fronts,
  kills,
  killsTimeoutMs,
  killUnderLoad,
  perSecond,
  startRoute,
} from "./kills/world.ts";

describe(`${kills} kills of the active HTTP upstream, under ${perSecond} calls a second`, () => {
  // Both at a time, each over upstreams of its own: a kill a second leaves the machine mostly idle.
  it.concurrent.for(fronts)(
    "no call fails and every switch takes at most 500 ms, to callers as well, front %s [R0-16] [R0-18] [R0-19] [R0-24]",
    { timeout: killsTimeoutMs },
    async (front, context) => {
      const names = ["u1", "u2", "u3"];
      await using upstreams = await startHttpUpstreams(names);
      const targets = Object.fromEntries(
        names.map((name) => {
          const baseUrl = `http://127.0.0.1:${upstreams.ports.get(name) ?? 0}/v1`;
          return [name, { provider: "openai-compatible", model: "fault", baseUrl }] as const;
        }),
      );
      await using running = await startRoute(front, targets);
      const kill = (name: string): Promise<boolean> => upstreams.kill(name);
      const victim = { name: `HTTP upstream, front ${front}`, kills, everyMs: 1000, kill };
      const report = await killUnderLoad(context, running, victim);
      await expectFastSwitches(context, running, report);
      expectFastAnswers(context, report);
    },
  );
});
