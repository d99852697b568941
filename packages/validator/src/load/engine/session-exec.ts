import type { ChatMessage, GeneratingLoadRequest } from "../clients/llm/request.ts";
import { llmFigures } from "../clients/llm/figures.ts";
import { createLlmClient } from "../clients/llm/llm-client.ts";
import type { Scenario } from "../scenario-types.ts";
import { pickIndex } from "../schedule/arrivals.ts";
import type { Exec, ExecContext } from "./exec.ts";
import { endOf } from "./request-exec.ts";

const historyBytesMax = 1_048_576;

/** Turns of a session: each asks with all that was said before, the answers as they came. */
export function createSessionExec(scenario: Scenario, context: ExecContext): Exec {
  const { request } = scenario;
  if (request === undefined || request.kind === "http" || request.kind === "embeddings") {
    throw new TypeError(`${context.name} has no request that generates text`);
  }
  const { prompts = [], ...rest } = request;
  const histories: ChatMessage[][] = [];
  return {
    start(it, ended) {
      const history = it.turn === 0 ? [...(request.messages ?? [])] : (histories[it.vu] ?? []);
      const prompt = prompts[pickIndex(context.seed, it.index, Math.max(1, prompts.length))];
      if (prompt !== undefined) history.push({ role: "user", content: prompt });
      histories[it.vu] = history;
      const asked: GeneratingLoadRequest = { ...rest, messages: [...history] };
      const client = createLlmClient(asked, context.base, {
        seed: context.seed,
        ...llmFigures(context),
        text: (_flight, content) => remember(history, content),
      });
      const { index, intendedMs, wakeMs } = it;
      const answered = (
        flight: Parameters<typeof endOf>[0],
        outcome: Parameters<typeof endOf>[1],
      ) => ended(endOf(flight, outcome));
      context.send({ step: 0, client, index, intendedMs, wakeMs, answered });
    },
  };
}

/** A history grows to 1 MiB; what came first is forgotten then. */
function remember(history: ChatMessage[], content: string): void {
  history.push({ role: "assistant", content });
  let bytes = history.reduce((sum, message) => sum + message.content.length, 0);
  while (bytes > historyBytesMax && history.length > 1) {
    bytes -= history.shift()?.content.length ?? 0;
  }
}
