import { expect, it } from "vitest";
import { sampleIn } from "../../test/answers.ts";
import { runGateway } from "../../test/harness.ts";

const optional = ["redis", "objects", "otlp", "errors"];
/** States of `loadline_dependency_state`: 0 is ok. */
const disabled = 3;

const chat = { model: "sim", messages: [{ role: "user", content: "hi" }] };

it("an object store that is taken out is disabled, not down, as is each dependency that never was there: the gateway is ready, and files are refused by name", async () => {
  await using whole = await runGateway({ stores: { objects: "file:" } });
  await using bare = await runGateway();
  const stateOf = async (g: typeof whole, dependency: string): Promise<number> =>
    sampleIn(
      await (await g.get("/metrics")).text(),
      `loadline_dependency_state{dependency="${dependency}"}`,
    );
  await expect.poll(() => stateOf(whole, "objects")).toBe(0);
  for (const name of optional) expect([name, await stateOf(bare, name)]).toEqual([name, disabled]);
  const health: unknown = await (await bare.get("/health")).json();
  expect(health).toMatchObject({ status: "ok" });
  expect((await bare.get("/readyz")).status).toBe(200);
  const answer = await bare.post("/v1/chat/completions", chat);
  const degraded = answer.headers.get("x-loadline-degraded") ?? "";
  expect([answer.status, /redis|objects/.test(degraded)]).toEqual([200, false]);
  // There is no store of files: the route is as if it did not exist, where the other one lists them.
  expect((await whole.get("/v1/files")).status).toBe(200);
  const files = await bare.get("/v1/files");
  expect([files.status, await files.text()]).toEqual([404, expect.stringContaining("LL_FILE_")]);
});
