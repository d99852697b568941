import { describe, expect, it } from "vitest";
import { startReferenceTarget } from "../../../testkit/src/reference-target/index.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { startRagTwin } from "./stubs/rag.ts";
import { startWebStub } from "./stubs/web.ts";
import { twinSuite } from "./twin-suite.fixture.ts";

twinSuite("rag", startRagTwin);

describe("a store of documents", () => {
  it("of the reference target passes, and fails when it leaks or forgets", async () => {
    const words = async (rag: object): Promise<unknown> => {
      await using target = await startReferenceTarget({ rag });
      const it_ = { kind: "rag", url: target.url, tenants: ["a", "b"] };
      return (await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } })).words;
    };
    expect(await words({})).toEqual({ "it.read_back": "passed", "it.isolation": "passed" });
    expect(await words({ leak: true })).toMatchObject({ "it.isolation": "failed false" });
    expect(await words({ forget: 1 })).toMatchObject({ "it.read_back": "failed false" });
  });

  it("without the route is an error of the check, never a failure [R2-57]", async () => {
    await using stub = await startWebStub([], []);
    const { words } = await runStackPlan({ services: { it: { kind: "rag", url: stub.url } } });
    expect(words).toEqual({ "it.read_back": "error probe_contract" });
  });
});
