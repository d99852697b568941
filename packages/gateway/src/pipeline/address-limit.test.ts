import { describe, expect, it } from "vitest";
import { type Running, runGateway } from "../../test/harness.ts";

const chat = { model: "sim", messages: [{ role: "user", content: "hi" }] };

async function statuses(g: Running, count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) {
    const answer = await g.post("/v1/chat/completions", chat);
    await answer.text();
    seen.push(answer.status);
  }
  return seen;
}

describe("requests per address", () => {
  it("beyond their number are 429 LL_LIMIT_ADDRESS with the wait, and health is exempt", async () => {
    await using g = await runGateway({ addressLimit: { requestsPerMinute: 5 } });
    expect(await statuses(g, 5)).toEqual([200, 200, 200, 200, 200]);
    const refused = await g.post("/v1/chat/completions", chat);
    expect([refused.status, refused.headers.get("x-loadline-limit")]).toEqual([
      429,
      "address/requests",
    ]);
    expect(await refused.text()).toContain("LL_LIMIT_ADDRESS");
    // 5 in a minute: the next one after 12 s.
    const waitMs = Number(refused.headers.get("retry-after-ms"));
    expect(waitMs).toBeGreaterThan(8000);
    expect(waitMs).toBeLessThanOrEqual(12_000);
    expect(Number(refused.headers.get("retry-after"))).toBe(Math.ceil(waitMs / 1000));
    expect((await fetch(`${g.url}/healthz`)).status).toBe(200);
  });

  it("are not counted unless it is configured, because many callers may share an address", async () => {
    await using g = await runGateway();
    expect(new Set(await statuses(g, 150))).toEqual(new Set([200]));
  });

  it("a refused request takes nothing: failures have a limit of their own", async () => {
    await using g = await runGateway({
      addressLimit: { requestsPerMinute: 1000, failuresPerMinute: 3 },
    });
    const headers = { "content-type": "application/json" };
    for (let i = 0; i < 3; i++) {
      const { status } = await g.post("/v1/chat/completions", chat, { headers });
      expect(status).toBe(401);
    }
    const refused = await g.post("/v1/chat/completions", chat);
    expect([refused.status, refused.headers.get("x-loadline-limit")]).toEqual([
      429,
      "address/failures",
    ]);
  });
});
