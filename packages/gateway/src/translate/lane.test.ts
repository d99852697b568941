import { describe, expect, it } from "vitest";
import { findProvider, providers } from "../providers/index.ts";
import type { TargetRules } from "../upstream/upstream.ts";
import { lanesOf } from "./lane.ts";

const clock = { wallMs: () => 7000 };

/** Operation -> what the upstream is asked, with `~` where it is translated. */
function lanes(id: string, rules?: TargetRules): Record<string, string> {
  const provider = findProvider(id);
  if (!provider) throw new Error(`no provider ${id}`);
  const entries = Object.entries(lanesOf(provider, rules, clock));
  return Object.fromEntries(
    entries.map(([operation, lane]) => [
      operation,
      (lane.translate ? "~" : "") + `${lane.operation} in ${lane.dialect.id}`,
    ]),
  );
}

describe("lanesOf", () => {
  it("an OpenAI-shaped server serves messages and responses by translation to chat", () => {
    expect(lanes("openai-compatible", { serves: ["chat", "embeddings"] })).toEqual({
      chat: "chat in openai.chat",
      embeddings: "embeddings in openai.embeddings",
      messages: "~chat in openai.chat",
      responses: "~chat in openai.chat",
    });
  });

  it("what a target serves itself is passed on, not translated", () => {
    const all = lanes("openai-compatible");
    expect(all["messages"]).toBe("messages in anthropic.messages");
    expect(all["responses"]).toBe("responses in openai.responses");
    expect(lanes("openai")["responses"]).toBe("responses in openai.responses");
  });

  it("chat reaches Anthropic and Gemini by translation, embeddings do not", () => {
    expect(lanes("anthropic")).toEqual({
      chat: "~messages in anthropic.messages",
      messages: "messages in anthropic.messages",
    });
    expect(lanes("gemini")).toEqual({ chat: "~generate in gemini.generate" });
  });

  it("every provider serves a chat, and tells the time of the clock it was opened with", () => {
    for (const provider of providers) {
      const { chat } = lanesOf(provider, undefined, clock);
      expect([provider.id, chat?.wallMs()]).toEqual([provider.id, 7000]);
    }
  });

  it("a target that serves nothing has no lanes", () => {
    expect(lanes("openai-compatible", { serves: [] })).toEqual({});
  });
});
