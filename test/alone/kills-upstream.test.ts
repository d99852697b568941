import { describe, it } from "vitest";
import { startHttpUpstreams } from "./kills/http-upstreams.ts";
import {
  expectFastAnswers,
  expectFastSwitches,
  kills,
  killsTimeoutMs,
  killUnderLoad,
  perSecond,
  startRoute,
} from "./kills/world.ts";

describe(`${kills} kills of the active HTTP upstream, under ${perSecond} calls a second`, () => {
  it(
    "no call fails and every switch takes at most 500 ms, to callers as well [R0-18]",
    async (context) => {
      const names = ["u1", "u2", "u3"];
      await using upstreams = await startHttpUpstreams(names);
      const targets = Object.fromEntries(
        names.map((name) => {
          const baseUrl = `http://127.0.0.1:${upstreams.ports.get(name) ?? 0}/v1`;
          return [name, { provider: "openai-compatible", model: "fault", baseUrl }] as const;
        }),
      );
      await using running = await startRoute(targets);
      const kill = (name: string): Promise<boolean> => upstreams.kill(name);
      const victim = { name: "HTTP upstream", everyMs: 1000, kill };
      const report = await killUnderLoad(context, running, victim);
      await expectFastSwitches(context, running, report);
      expectFastAnswers(context, report);
    },
    killsTimeoutMs,
  );
});
