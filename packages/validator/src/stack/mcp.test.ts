import { describe, expect, it } from "vitest";
import { startReferenceTarget } from "../../../testkit/src/reference-target/index.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { startMcpTwin } from "./stubs/mcp.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("mcp", startMcpTwin);

describe("a server of MCP", () => {
  it("that lacks one of two versions fails in that version alone", async () => {
    const rules = [
      { when: 'POST / {"jsonrpc":"2.0","method":"initialize"', status: 400, reply: "" },
    ];
    const { words, sentences } = await againstTwin(startMcpTwin, rules);
    expect(words["it.opens"]).toBe("failed false");
    expect(sentences["it.opens"]).toContain("2025-11-25");
    expect(sentences["it.opens"]).not.toContain("2026-07-28");
  });

  it("that says more than a record holds fails, and takes no other check with it", async () => {
    const message = "x".repeat(100_000);
    const reply = JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -1, message } });
    const rules = [{ when: 'POST / {"jsonrpc":"2.0","method":"initialize"', status: 200, reply }];
    const { words, sentences } = await againstTwin(startMcpTwin, rules);
    expect(words["it.opens"]).toBe("failed false");
    expect(sentences["it.opens"]).toContain("xxx");
  });

  it("that does not know the token fails and is asked no more", async () => {
    await using twin = await startMcpTwin([]);
    const services = { it: twin.service };
    const result = await runStackPlan({ services }, { MCP_TOKEN: "another" });
    expect(result.words["it.opens"]).toBe("failed false");
    expect(result.words["it.tools"]).toBe("not_tested baseline_broken");
  });

  it("that has no such route is no failure of the target: the check names the route [R2-57]", async () => {
    await using target = await startReferenceTarget();
    for (const version of ["2025-11-25", "2026-07-28"]) {
      const url = `${target.url}/v1/mcp`;
      const services = { it: { kind: "mcp", url, protocols: [version] } };
      const { words, sentences } = await runStackPlan({ services });
      expect(words["it.opens"]).toBe("error probe_contract");
      expect(sentences["it.opens"]).toContain("POST /v1/mcp answered 404: no such route");
      expect(words["it.tools"]).toBe("not_tested capability_missing");
      expect(sentences["it.tools"]).toContain("POST /v1/mcp answered 404: no such route");
      const spare = await runStackPlan({ services: { it: { ...services.it, required: false } } });
      expect(spare.words["it.opens"]).toBe("not_tested capability_missing");
      expect(spare.sentences["it.opens"]).toContain("no such route");
    }
  });

  it("of the reference target is spoken to in both versions, as JSON and as events", async () => {
    for (const sse of [false, true]) {
      await using target = await startReferenceTarget({ mcp: { sse } });
      const it_ = {
        kind: "mcp",
        url: `${target.url}/mcp`,
        protocols: ["2025-11-25", "2026-07-28"],
        tools: ["echo", "search"],
        call: { tool: "echo", arguments: { text: "$MARK" }, expect: "$MARK" },
      };
      const { words } = await runStackPlan({ services: { it: it_ } });
      expect(words).toMatchObject({
        "it.opens": "passed",
        "it.tools": "passed",
        "it.call": "passed",
        "it.ends": "passed",
        "it.errors": "passed",
      });
    }
  });
});
