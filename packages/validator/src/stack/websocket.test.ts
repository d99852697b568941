import { describe, expect, it } from "vitest";
import { runStackPlan } from "./stack.fixture.ts";
import { startWebsocketTwin } from "./stubs/websocket.ts";
import { startWebStub } from "./stubs/web.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("websocket", startWebsocketTwin);

describe("an endpoint for WebSocket", () => {
  it("with a route the service lacks is an error of the check [R2-57]", async () => {
    await using stub = await startWebStub([], []);
    const url = `${stub.url.replace("http", "ws")}/none`;
    const { words } = await runStackPlan({ services: { it: { kind: "websocket", url } } });
    expect(words["it.upgrade"]).toBe("error probe_contract");
    expect(words["it.ping"]).toBe("not_tested capability_missing");
  });

  it("that never answers a ping ends with the check's time", async () => {
    const more = { exchange: { send: "x", expect: "never said by an echo" } };
    const { words, sentences } = await againstTwin(startWebsocketTwin, [], more);
    expect(words["it.exchange"]).toBe("failed false");
    expect(sentences["it.exchange"]).toContain("in time");
  });
});
