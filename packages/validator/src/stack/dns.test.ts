import { describe, expect, it } from "vitest";
import { startDnsTwin } from "./stubs/dns.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("dns", startDnsTwin);

describe("a name server", () => {
  it("fails by the name that is not there alone", async () => {
    const names = [{ name: "api.example" }, { name: "none.example" }];
    const { sentences, words } = await againstTwin(startDnsTwin, [], { names });
    expect(words["it.resolves"]).toBe("failed false");
    expect(sentences["it.resolves"]).toContain("none.example A gave ENOTFOUND");
  });

  it("that is not there ends in time, never in a pass", async () => {
    const it_ = { kind: "dns", url: "dns://127.0.0.1:1", names: [{ name: "api.example" }] };
    const { words } = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } });
    expect(words).toEqual({ "it.resolves": "failed false", "it.denies": expect.any(String) });
    expect(words["it.denies"]).toBe("not_tested baseline_broken");
  });
});
