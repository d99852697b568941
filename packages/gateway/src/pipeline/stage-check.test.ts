import { describe, expect, it } from "vitest";
import { runGateway } from "../../test/harness.ts";
import type { Exchange } from "./exchange.ts";
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

describe("a second end of a request", () => {
  const violations = async (g: { get(path: string): Promise<Response> }): Promise<string> =>
    /loadline_exit_violations_total \d+/.exec(await (await g.get("/metrics")).text())?.[0] ?? "";

  /** The same, but each answer of `models.list` ends its request once more. */
  const endsTwice = (table: Stage[]): Stage[] =>
    table.map((stage) => {
      if (stage.id !== "answer") return stage;
      const run = (x: Exchange) => {
        const outcome = stage.run?.(x);
        if (x.operation.id === "models.list") x.exit({ reason: "failed", status: 500 });
        return outcome;
      };
      return { ...stage, run };
    });

  it("is counted whoever makes it, and changes nothing of the first", async () => {
    await using g = await runGateway({}, undefined, { stages: endsTwice });
    expect((await g.get("/v1/models")).status).toBe(200);
    expect((await g.get("/v1/models/sim")).status).toBe(200);
    expect(await violations(g)).toBe("loadline_exit_violations_total 1");
    const text = await (await g.get("/metrics")).text();
    expect(text).toContain(
      'loadline_requests_total{operation="models.list",route="_none",status="200"} 1\n',
    );
    expect(text).not.toMatch(/operation="models.list",route="_none",status="500"\} [1-9]/);
  });

  it("is made by nobody: answers, streams, refusals, the admin plane", async () => {
    await using g = await runGateway();
    const admin = (path: string): Promise<Response> => fetch(`${g.url}${path}`);
    const asked = [
      g.post("/v1/chat/completions", chat),
      g.post("/v1/chat/completions", { ...chat, stream: true }),
      g.post("/v1/chat/completions", "not json"),
      g.get("/v1/models"),
      g.get("/admin/v1/keys"),
      admin("/admin/v1/nowhere"),
      admin("/admin/docs"),
    ];
    for (const answer of asked) await (await answer).text();
    expect(await violations(g)).toBe("loadline_exit_violations_total 0");
  });
});
