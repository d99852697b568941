import type { Exec, ExecContext } from "../engine/exec.ts";
import type { Scenario } from "../scenario-types.ts";
import { createMcpExec, type McpScenario } from "./mcp/mcp-exec.ts";
import { createRagExec, type RagScenario } from "./rag/rag-exec.ts";
import { createRoomsExec, type RoomsScenario } from "./websocket/rooms-exec.ts";

/** Scenarios of one client alone, as data. */
export type ClientExecSpec =
  | { readonly kind: "mcp"; readonly options: McpScenario }
  | { readonly kind: "rag"; readonly options: RagScenario }
  | { readonly kind: "rooms"; readonly options: RoomsScenario };

/** The Exec of such a scenario. */
export function createClientExec({ exec }: Pick<Scenario, "exec">, context: ExecContext): Exec {
  switch (exec?.kind) {
    case "mcp":
      return createMcpExec(exec.options, context);
    case "rag":
      return createRagExec(exec.options, context);
    case "rooms":
      return createRoomsExec(exec.options, context);
    default:
      throw new TypeError(`${context.name} is no scenario of one client`);
  }
}
