import { describe, expect, it } from "vitest";
import { startAnthropicTwin } from "./stubs/anthropic.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("anthropic", startAnthropicTwin);

describe("a model behind the Messages API", () => {
  it("whose service lacks the route is an error of the check [R2-57]", async () => {
    const rules = [{ when: "POST /v1/messages", status: 404, reply: "404" }];
    const { words } = await againstTwin(startAnthropicTwin, rules);
    expect(words["it.messages"]).toBe("error probe_contract");
  });

  it("that takes any key fails in that part alone", async () => {
    const taken =
      'POST /v1/messages {"model":"m","max_tokens":16,"messages":[{"role":"user","content":"Say yes."}]}';
    const reply =
      '{"type":"message","role":"assistant","content":[{"type":"text"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}';
    const { words, sentences } = await againstTwin(startAnthropicTwin, [{ when: taken, reply }]);
    expect(words["it.refuses"]).toBe("failed false");
    expect(sentences["it.refuses"]).toContain("wrong key: 200");
  });
});
