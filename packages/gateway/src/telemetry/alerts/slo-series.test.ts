import { countsOf, readSamples } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { overUpstreams, runGateway, runUpstream } from "../../../test/harness.ts";
import { gatewaySloSeries } from "./slo-series.ts";

const { chat, gateway } = gatewaySloSeries;
const event = (choice: object): string =>
  `data: ${JSON.stringify({ id: "x", created: 1, model: "m", choices: [{ index: 0, ...choice }] })}\n\n`;

describe("series of the gateway for objectives", () => {
  it("a stream that its upstream cut is bad and never good, for chat and for all calls", async () => {
    let asked = 0;
    await using upstream = await runUpstream((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event({ delta: { content: "hi" } }), () => {
        if (asked++ > 0) response.destroy();
        else response.end(`${event({ delta: {}, finish_reason: "stop" })}data: [DONE]\n\n`);
      });
    });
    await using g = await runGateway(overUpstreams(upstream.baseUrl));
    const body = { model: "m", messages: [{ role: "user", content: "hi" }], stream: true };
    for (const end of ["[DONE]", "LL_STREAM_CUT", "LL_STREAM_CUT"]) {
      const answer = await g.post("/v1/chat/completions", body);
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(end)]);
    }
    const samples = readSamples(await (await g.get("/metrics")).text());
    const twoOfThree = { events: 3, bad: 2 };
    for (const { bad, total } of [chat, gateway])
      expect(countsOf({ kind: "ratio", bad, total }, samples)).toEqual(twoOfThree);
    const { good, total } = chat;
    expect(countsOf({ kind: "ratio", good, total }, samples)).toEqual(twoOfThree);
  });

  it("no histogram of all operations stands for the latency of chat", () => {
    expect(Object.keys(chat)).toEqual(["bad", "total", "good"]);
    expect(gateway.histogram).toBe("loadline_request_duration_seconds");
  });
});
