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
/** Containers in one question: of each the engine tells some 10 KB. */
const askedMax = 25;
/** Of what is told of them, and of each stream of a log. */
const toldBytesMax = 16 * 1_048_576;

/** What the engine says to the words. @throws ToolMissing without one, or without its daemon. */
async function askEngine(
  context: ComposeContext,
  ...words: readonly string[]
): Promise<ProgramEnd> {
  const { engine } = context.service;
  const end = await runProgram([engine, ...words], context.signal, toldBytesMax);
  if (end.exit !== 0 && /cannot connect|is the docker daemon running/i.test(end.stderr)) {
    throw new ToolMissing(
      `${engine} has no daemon here: ${context.excerpt(end.stderr.trim(), 200)}`,
    );
  }
  return end;
}

async function needEngine(context: ComposeContext, ...words: readonly string[]): Promise<string> {
  const end = await askEngine(context, ...words);
  if (end.exit === 0) return end.stdout;
  const seen = `${context.service.engine} ${words[0] ?? ""} ended ${end.why}`;
  throw new WireFault("protocol", seen, end.stderr.trim());
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
  const all: JsonRecord[] = [];
  for (let at = 0; at < ids.length; at += askedMax) {
    const some = ids.slice(at, at + askedMax);
    const told = parseJson(await needEngine(context, "inspect", "--type", "container", ...some));
    if (!Array.isArray(told)) {
      throw new WireFault("protocol", `${context.service.engine} inspect wrote no JSON`);
    }
    all.push(...recordsIn(told, ""));
  }
  const lasting = all.filter((one) => labelOf(one, "oneoff") !== "True");
  return Map.groupBy(lasting, (one) => labelOf(one, "service"));
}

/** What was read of a log. */
interface ReadLog {
  readonly lines: readonly string[];
  /** Of one that is longer the newest lines were not read. */
  readonly isCut: boolean;
}

/** Lines of a container's log, the newest; a sentence where its driver lets nobody read. */
export async function logOf(
  context: ComposeContext,
  container: JsonRecord,
): Promise<ReadLog | string> {
  const id = textIn(container, "Id");
  const words = ["logs", "--tail", String(context.service.logLinesMax), id];
  const end = await askEngine(context, ...words);
  if (end.exit === 0) {
    const lines = `${end.stdout}\n${end.stderr}`.split("\n").filter((one) => one !== "");
    return { lines, isCut: end.isCut };
  }
  const said = context.excerpt(end.stderr.trim(), 300);
  if (/does not support reading|logging driver/i.test(said)) return said;
  throw new WireFault("protocol", `${context.service.engine} logs ended ${end.why}`, said);
}

/** The name of a container, without the stroke that Docker writes before it. */
export const containerName = (container: JsonRecord): string =>
  textIn(container, "Name").replace(/^\//, "");
