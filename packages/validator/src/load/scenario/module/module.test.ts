import { describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../../../../testkit/src/recording-target/index.ts";
import { planFolder, ran } from "../../plan/run.fixture.ts";

const plan = (url: string, scenario: string): string => `
load:
  target: { baseUrl: "${url}" }
  scenarios:
    s: ${scenario}
`;

const three = '{ executor: shared-iterations, vus: 1, iterations: 3, exec: "./s.ts#s" }';

describe("module scenario", () => {
  it("calls are sent one after the other and resolve with what came back", async () => {
    await using target = await startRecordingTarget(({ path }) =>
      path === "/missing" ? { status: 404 } : { body: '{"id":7}', headers: { "x-a": "b" } },
    );
    using folder = planFolder();
    folder.write(
      "s.ts",
      `export async function s(vu: any) {
        const one = await vu.http.post("/a", { json: { it: vu.iteration }, headers: { "x-q": "1" } });
        const bad = await vu.http.get("/missing");
        await vu.http.put("/seen", { json: [one.ok, one.status, one.json().id, one.header("x-a"), bad.outcome, bad.status, one.timings.responseMs >= one.timings.serviceMs] });
      }`,
    );
    const file = await folder.compile(plan(target.url, three));
    const { accounts, events } = await ran(file.plan);
    expect(events).toEqual([]);
    expect(accounts[0]).toMatchObject({ due: 9, ok: 6, bad: { status_4xx: 3 } });
    expect(
      target.seen.slice(0, 3).map(({ method, path, body }) => `${method} ${path} ${body}`),
    ).toEqual([
      'POST /a {"it":0}',
      "GET /missing ",
      'PUT /seen [true,200,7,"b","status_4xx",404,true]',
    ]);
  });
});
