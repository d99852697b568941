import { systemClock } from "@loadline/kit/clock";
import { eventually, freePort } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { completion, endJson, sampleIn } from "../../test/answers.ts";
import { overUpstreams, runGateway, type Running, runUpstream } from "../../test/harness.ts";

const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };
const path = "/v1/chat/completions";

async function connections(g: Running, of: string): Promise<number[]> {
  const scrape = await (await g.get("/metrics")).text();
  return ["opened", "failed"].map((outcome) =>
    sampleIn(scrape, `loadline_egress_connections_total{class="${of}",outcome="${outcome}"}`),
  );
}

describe("connections to elsewhere", () => {
  it.each(["http1", "undici"])(
    "of %s are counted by class, opened and failed",
    async (transport) => {
      await using upstream = await runUpstream((response) => endJson(response, 200, completion()));
      const dead = `http://127.0.0.1:${await freePort()}/v1`;
      await using g = await runGateway({ ...overUpstreams(dead, upstream.baseUrl), transport });
      expect(await connections(g, "provider")).toEqual([0, 0]);
      for (let i = 0; i < 3; i++) expect((await g.post(path, chat)).status).toBe(200);
      await eventually(
        systemClock(),
        async () => (await connections(g, "provider"))[1] === 3,
        20_000,
      );
      expect(await connections(g, "provider")).toEqual([1, 3]);
    },
  );

  it("have their series where nothing is outside", async () => {
    await using g = await runGateway();
    for (const of of ["provider", "store", "telemetry"])
      expect(await connections(g, of)).toEqual([0, 0]);
  });
});
