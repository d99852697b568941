import type { ExecSpec, Scenario } from "../types.ts";
import type { Exec, ExecContext, ExecFactory } from "./exec.ts";
import { createMixExec } from "./mix-exec.ts";
import { createRequestExec } from "./request-exec.ts";
import { createSessionExec } from "./session-exec.ts";
import { createTraceExec } from "./trace-exec.ts";

type Kind = "request" | "session" | "trace" | ExecSpec["kind"];

const createClientExec: ExecFactory = async (scenario, context) =>
  (await import("../clients/client-execs.ts")).createClientExec(scenario, context);

/** The one table of what an iteration can be. What few plans have is loaded when one has it. */
const factories: Readonly<Record<Kind, ExecFactory>> = {
  request: createRequestExec,
  session: createSessionExec,
  trace: createTraceExec,
  steps: async (scenario, context) =>
    (await import("../scenario/steps/steps-exec.ts")).createStepsExec(scenario, context),
  module: async (scenario, context) =>
    (await import("../scenario/module/module-exec.ts")).createModuleExec(scenario, context),
  mix: (scenario, context) => createMixExec(scenario, context, createExec),
  mcp: createClientExec,
  rag: createClientExec,
  rooms: createClientExec,
};

/** The Exec of a scenario in this worker. Rejects with LL_LOAD_PLAN_INVALID for one that cannot be. */
export async function createExec(scenario: Scenario, context: ExecContext): Promise<Exec> {
  if (scenario.http2 === true) {
    const { createHttp2Exec } = await import("../clients/http2-exec.ts");
    return await createHttp2Exec(scenario, context, createExec);
  }
  return await factories[kindOf(scenario)](scenario, context);
}

function kindOf({ exec, request, executor }: Scenario): Kind {
  if (exec !== undefined) return exec.kind;
  const generates =
    request !== undefined && request.kind !== "http" && request.kind !== "embeddings";
  if (generates && executor === "sessions") return "session";
  return generates && executor === "trace-replay" ? "trace" : "request";
}
