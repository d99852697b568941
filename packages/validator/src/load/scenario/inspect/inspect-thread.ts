import { setImmediate as nextTurn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { isRecord } from "@loadline/kit/json";
import { importModule, isFunction } from "../import-module.ts";
import { definitionOf } from "./definition.ts";

/** What the inspecting thread is given. */
export interface InspectInput {
  readonly kind: "loadline-inspect";
  readonly folder: string;
  readonly file: string;
}

/** What a module is: its functions, its plans as data, what it left open. */
export interface Inspected {
  readonly functions: readonly string[];
  /** Exported definitions, their functions replaced by references. */
  readonly definitions: Readonly<Record<string, unknown>>;
  /** Kinds of handles opened by the import. */
  readonly handles: readonly string[];
  /** Why it could not be imported. */
  readonly fault: string | null;
}

const settleTurns = 3;
/** Resources that end by themselves. */
const passing = /^(?:FSReq|CloseReq|Immediate|TickObject|Microtask)/;

function isInput(value: unknown): value is InspectInput {
  return isRecord(value) && value["kind"] === "loadline-inspect";
}

function countOpen(): Map<string, number> {
  const open = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!passing.test(kind)) open.set(kind, (open.get(kind) ?? 0) + 1);
  }
  return open;
}

async function inspect({ folder, file }: InspectInput): Promise<Inspected> {
  const before = countOpen();
  const module = await importModule(folder, file);
  // What an import starts is open a turn of the loop later.
  for (let turn = 0; turn < settleTurns; turn++) await nextTurn();
  const handles = [...countOpen()]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind]) => kind);
  const functions: string[] = [];
  const definitions: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(module)) {
    if (isFunction(value)) functions.push(name);
    else if (isRecord(value)) definitions[name] = definitionOf(value, file, name);
  }
  return { functions, definitions, handles, fault: null };
}

if (parentPort !== null && isInput(workerData)) {
  const port = parentPort;
  const answer = await inspect(workerData).catch((error: unknown) => {
    const fault = error instanceof Error ? error.message : String(error);
    return { functions: [], definitions: {}, handles: [], fault } satisfies Inspected;
  });
  port.postMessage(answer);
}
