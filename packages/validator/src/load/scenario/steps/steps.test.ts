import { startRecordingTarget } from "../../../../../testkit/src/recording-target/index.ts";
import { describe, expect, it } from "vitest";
import { planFolder, ran } from "../../plan/run.fixture.ts";

describe("steps", () => {
  it("are sent in order, with the values of their row, and each is accounted", async () => {
    await using target = await startRecordingTarget();
    using folder = planFolder();
    folder.write("users.csv", "id,q\n1,one\n2,two two\n");
    const file = await folder.compile(
      `
load:
  target: { baseUrl: "${target.url}", auth: { bearer: "\${env:KEY}" } }
  feeders: { users: { csv: users.csv } }
  scenarios:
    s:
      executor: shared-iterations
      vus: 1
      iterations: 3
      feed: users
      steps:
        - { name: read, http: "/u/\${feed.id}?q=\${feed.q}" }
        - { name: write, http: { path: /w, json: { id: "\${feed.id}", it: "\${iteration}" }, headers: { x-q: "\${feed.q}" } } }
`,
      { KEY: "k1" },
    );
    const { accounts } = await ran(file.plan);
    expect(accounts[0]).toMatchObject({ due: 6, ok: 6, bad: {} });
    expect(target.seen.map(({ method, path, body }) => `${method} ${path} ${body}`)).toEqual([
      "GET /u/1?q=one ",
      'POST /w {"id":"1","it":0}',
      "GET /u/2?q=two%20two ",
      'POST /w {"id":"2","it":1}',
      "GET /u/1?q=one ",
      'POST /w {"id":"1","it":2}',
    ]);
    expect(target.seen[3]?.headers).toMatchObject({
      authorization: "Bearer k1",
      "x-q": "two two",
      "content-type": "application/json",
    });
  });
});
