import type { JsonRecord } from "@loadline/kit/json";
import type { Exec, ExecContext, Iteration, IterationEnd } from "../../engine/exec.ts";
import type { At } from "../asked.ts";
import { type McpAnswer, McpClient } from "./mcp-client.ts";
import type { McpOptions } from "./options.ts";

/** A scenario of MCP calls alone: an iteration makes them one after the other. */
export interface McpScenario extends Omit<McpOptions, "answerInput"> {
  /** Call i belongs to step i. */
  readonly calls: readonly McpCall[];
}

/** `tools/list`, or the call of a tool. */
export type McpCall =
  | { readonly list: true }
  | { readonly tool: string; readonly args: JsonRecord };

/** The Exec of such a scenario. */
export function createMcpExec(o: McpScenario, context: ExecContext): Exec {
  const client = new McpClient(o, context);
  const next = (call: number, at: At, ended: (end: IterationEnd) => void): void => {
    const wanted = o.calls[call];
    if (wanted === undefined) {
      ended("ok");
      return;
    }
    const done = (answer: McpAnswer): void => {
      if (answer.outcome !== "ok") ended(answer.flight.status === 0 ? "refused" : "bad");
      else next(call + 1, { ...at, step: call + 1, ...now }, ended);
    };
    if ("list" in wanted) client.list(at, done);
    else client.call(wanted.tool, wanted.args, at, done);
  };
  return {
    start: ({ index, intendedMs, wakeMs }: Iteration, ended) =>
      next(0, { step: 0, index, intendedMs, wakeMs }, ended),
    close: async () => await client.close(),
  };
}

const now = { intendedMs: Number.NaN, wakeMs: Number.NaN } as const;
