import { describe, expect, it } from "vitest";
import { edgeSaboteur } from "./edges.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { startEdgeApi, startEdgeTwin } from "./stubs/edge.ts";
import { startQdrantTwin } from "./stubs/qdrant.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

describe("edges [R1-20]", () => {
  it("are passed by data that crossed them", async () => {
    const { words, sentences } = await againstTwin(startEdgeTwin);
    expect(words["edge.it.cache"], sentences["edge.it.cache"]).toBe("passed");
  });

  it("fail where the service answers and its neighbour knows nothing of it", async () => {
    const { words, sentences } = await againstTwin(startEdgeTwin, edgeSaboteur);
    expect(words["edge.it.cache"]).toBe("failed false");
    expect(sentences["edge.it.cache"]).toContain("is not in cache");
    expect(words["cache.login"]).toBe("passed");
  });

  it("to a kind that has no login rest on its answer, and without a way to look are errors of the check", async () => {
    await using qdrant = await startQdrantTwin([]);
    await using api = await startEdgeApi(1, true);
    const services = { api: { kind: "http", url: api.url }, points: qdrant.service };
    const send = { path: "/items", json: { name: "$MARK" } };
    const edges = [{ from: "api", to: "points", send }];
    const { words } = await runStackPlan({ timeoutMs: 10_000, services, edges }, qdrant.secrets);
    expect(words["points.answers"]).toBe("passed");
    expect(words["edge.api.points"]).toBe("error probe_contract");
  });
});
