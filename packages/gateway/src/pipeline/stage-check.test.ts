import { describe, expect, it } from "vitest";
import { runGateway } from "../../test/harness.ts";
import type { Stage, StageId } from "./stage.ts";
import { checkedStages } from "./stage-check.ts";

const chat = { model: "sim", messages: [{ role: "user", content: "hi" }] };
const without = (id: StageId) => (table: Stage[]) => table.filter((stage) => stage.id !== id);

async function skipped(g: { get(path: string): Promise<Response> }): Promise<string[]> {
  const text = await (await g.get("/metrics")).text();
  return [...text.matchAll(/loadline_stage_skipped_total\{stage="([^"]+)"\} [1-9]/g)].map(
    ([, stage = ""]) => stage,
  );
}

describe("stages on the way of a request", () => {
  it("are all passed by a gateway as it is: nothing is skipped, whatever requests meet", async () => {
    await using g = await runGateway();
    const answers = [
      g.post("/v1/chat/completions", chat),
      g.post("/v1/chat/completions", { ...chat, model: "nobody" }),
      g.post("/v1/chat/completions", "not json"),
      g.post("/v1/chat/completions", { ...chat, stream: true }),
      fetch(`${g.url}/v1/chat/completions`, { method: "POST" }),
      fetch(`${g.url}/nowhere`),
      g.get("/v1/models"),
    ];
    for (const answer of answers) await (await answer).text();
    expect(await skipped(g)).toEqual([]);
    expect((await g.get("/readyz")).status).toBe(200);
  });

  it.each(
    checkedStages.filter(
      (id) => !["accept", "request-id", "admin-address", "read", "call"].includes(id),
    ),
  )("a gateway without %s is not ready and names the stage", async (id) => {
    await using g = await runGateway({}, undefined, { stages: without(id) });
    const answer = await fetch(`${g.url}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([
      503,
      expect.stringContaining(`LL_SERVER_STAGE_MISSING ${id}`),
    ]);
  });

  it("a gateway without the stage that answers does not start", async () => {
    const start = runGateway({}, undefined, { stages: without("call") });
    await expect(start).rejects.toThrow("chat: nothing answers it");
  });

  it("a stage that is not wired for an operation is counted by each of its requests", async () => {
    // The gateway's own call would pass the stage by as well.
    const settings = { selfProbe: { enabled: false } };
    await using g = await runGateway(settings, undefined, {
      stages: (table) =>
        table.map((stage) => (stage.id === "reserve" ? { ...stage, wired: () => false } : stage)),
    });
    expect((await g.post("/v1/chat/completions", chat)).status).toBe(200);
    await g.post("/v1/chat/completions", { ...chat, model: "nobody" });
    const text = await (await g.get("/metrics")).text();
    // The refused one ended before it could miss the stage.
    expect(text).toContain('loadline_stage_skipped_total{stage="reserve"} 1\n');
  });
});
