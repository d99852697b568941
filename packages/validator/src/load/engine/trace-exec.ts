import { llmFigures } from "../clients/llm/figures.ts";
import { createLlmClient } from "../clients/llm/llm-client.ts";
import type { GeneratingLoadRequest } from "../clients/llm/request.ts";
import type { Scenario } from "../scenario-types.ts";
import { tracePrompt } from "../schedule/trace.ts";
import type { Exec, ExecContext } from "./exec.ts";
import { endOf } from "./request-exec.ts";

/** Iteration i asks what row i of a trace asked: as many tokens in, at most as many out. */
export function createTraceExec(scenario: Scenario, context: ExecContext): Exec {
  const { request } = scenario;
  if (request === undefined || request.kind === "http" || request.kind === "embeddings") {
    throw new TypeError(`${context.name} has no request that generates text`);
  }
  if (scenario.executor !== "trace-replay") throw new TypeError(`${context.name} has no trace`);
  const { trace } = scenario;
  const { prompts: _prompts, messages = [], ...rest } = request;
  const options = {
    seed: context.seed,
    ...llmFigures(context),
  };
  return {
    start(it, ended) {
      const content = tracePrompt(trace, it.index, context.seed);
      const asked: GeneratingLoadRequest = {
        ...rest,
        messages: [...messages, { role: "user", content }],
        maxTokens: Math.max(1, trace.outputTokens[it.index] ?? 1),
      };
      const client = createLlmClient(asked, context.base, options);
      const { index, intendedMs, wakeMs } = it;
      context.send({
        step: 0,
        client,
        index,
        intendedMs,
        wakeMs,
        answered: (flight, outcome) => ended(endOf(flight, outcome)),
      });
    },
  };
}
