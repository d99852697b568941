import type { JsonRecord } from "@loadline/kit/json";
import { parseJson } from "@loadline/kit/json";
import type { StackContext } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { ToolMissing, WireFault } from "./fault.ts";
import { type ProgramEnd, runProgram } from "./program.ts";
import { recordsIn, textIn, valueIn } from "./shape.ts";

export type ComposeContext = StackContext<ServiceOf<"compose">>;

const label = "com.docker.compose";
const idsMax = 500;

/** What the engine says to the words. @throws ToolMissing without one, or without its daemon. */
async function askEngine(
  context: ComposeContext,
  ...words: readonly string[]
): Promise<ProgramEnd> {
  const { engine } = context.service;
  const end = await runProgram([engine, ...words], context.signal);
  if (end.exit !== 0 && /cannot connect|is the docker daemon running/i.test(end.stderr)) {
    throw new ToolMissing(`${engine} has no daemon here: ${end.stderr.trim().slice(0, 200)}`);
  }
  return end;
}

async function needEngine(context: ComposeContext, ...words: readonly string[]): Promise<string> {
  const end = await askEngine(context, ...words);
  if (end.exit === 0) return end.stdout;
  const said = end.stderr.trim().slice(0, 300);
  throw new WireFault(
    "protocol",
    `${context.service.engine} ${words[0] ?? ""} ended ${end.why}`,
    said,
  );
}

function listWords({ service }: ComposeContext): string[] {
  const filter = `label=${label}.project=${service.project}`;
  return ["ps", "--all", "--no-trunc", "--filter", filter];
}

/** The command that shows the containers of the project. */
export const listAgain = (context: ComposeContext): string[] => [
  context.service.engine,
  ...listWords(context),
];

const labelOf = (container: JsonRecord, name: string): string => {
  const labels = valueIn(container, "Config.Labels");
  const all: JsonRecord = typeof labels === "object" && labels !== null ? { ...labels } : {};
  const said = all[`${label}.${name}`];
  return typeof said === "string" ? said : "";
};

/**
 * The containers of the project by the service they are of; those of a single `run` are none of it.
 * @throws ToolMissing, WireFault
 */
export async function containersIn(
  context: ComposeContext,
): Promise<ReadonlyMap<string, readonly JsonRecord[]>> {
  const listed = await needEngine(context, ...listWords(context), "--quiet");
  const ids = listed.split(/\s+/).filter((id) => id !== "");
  if (ids.length > idsMax) {
    throw new WireFault("protocol", `the project has more than ${idsMax} containers`);
  }
  if (ids.length === 0) return new Map();
  const told = await needEngine(context, "inspect", "--type", "container", ...ids);
  const all = recordsIn(parseJson(told), "").filter((one) => labelOf(one, "oneoff") !== "True");
  return Map.groupBy(all, (one) => labelOf(one, "service"));
}

/** Lines of a container's log, the newest; a sentence where its driver lets nobody read. */
export async function logOf(
  context: ComposeContext,
  container: JsonRecord,
): Promise<readonly string[] | string> {
  const id = textIn(container, "Id");
  const words = ["logs", "--tail", String(context.service.logLinesMax), id];
  const end = await askEngine(context, ...words);
  if (end.exit === 0) return `${end.stdout}\n${end.stderr}`.split("\n").filter((one) => one !== "");
  const said = end.stderr.trim().slice(0, 300);
  if (/does not support reading|logging driver/i.test(said)) return said;
  throw new WireFault("protocol", `${context.service.engine} logs ended ${end.why}`, said);
}

/** The name of a container, without the stroke that Docker writes before it. */
export const containerName = (container: JsonRecord): string =>
  textIn(container, "Name").replace(/^\//, "");
