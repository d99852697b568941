import { createHash } from "node:crypto";
import type { Clock } from "@loadline/kit/clock";
import { loadErrors } from "../errors.ts";
import { findTool } from "./drive.ts";
import type { ForeignFile } from "./foreign.ts";
import { resultWord } from "./results.ts";
import { runTool, type ToolEnd } from "./run-tool.ts";

export interface OperatorJob {
  /** Name of the TestRun in `manifest`. */
  readonly name: string;
  readonly manifest: string;
  /** Path of kubectl; without it the folders of `env.PATH` are searched. */
  readonly toolPath?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Longest run in ms, default 2 h. */
  readonly timeoutMs?: number;
}

export interface OperatorRun {
  readonly version: string;
  /** `finished`, or `error`; the last stage seen when time ran out. */
  readonly stage: string;
  readonly outputDigest: string;
  /** The logs of the runners. */
  readonly files: readonly ForeignFile[];
}

const timeoutMsDefault = 2 * 3_600_000;
const commandTimeoutMs = 120_000;
const pollMs = 2000;
const tailChars = 2000;

interface Deps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Runs a manifest of k6-operator on the cluster that kubectl points at: applies it, waits for its
 * last stage, reads the runners' logs. Nothing is deleted: the logs are the evidence. Rejects with
 * LL_LOAD_DRIVER_MISSING without kubectl, LL_LOAD_DRIVER_FAILED with what it said.
 */
export async function driveOperator(job: OperatorJob, deps: Deps): Promise<OperatorRun> {
  const path = findTool({ tool: "kubectl", env: job.env, ...toolPathOf(job) });
  if (path === null) {
    throw loadErrors.make("LL_LOAD_DRIVER_MISSING", `kubectl is not in any folder of PATH.`);
  }
  const ask = async (args: readonly string[], input?: string): Promise<string> => {
    const given = input === undefined ? {} : { input };
    const { env } = job;
    const end = await runTool({ path, args, env, timeoutMs: commandTimeoutMs, ...given }, deps);
    if (end.code === 0) return end.stdout;
    throw loadErrors.make("LL_LOAD_DRIVER_FAILED", failure(args, end));
  };
  const version = (await ask(["version", "--client", "-o", "json"])).trim();
  await ask(["apply", "-f", "-"], job.manifest);
  const stage = await untilEnded(job, deps, () =>
    ask(["get", "testrun", job.name, "-o", "jsonpath={.status.stage}"]),
  );
  const selector = `k6_cr=${job.name},runner=true`;
  const text = await ask(["logs", "-l", selector, "--tail=-1", "--max-log-requests=1000"]);
  if (!text.includes(resultWord)) {
    const tail = text.trim().slice(-tailChars);
    const what = `the runners of ${job.name} (stage ${stage || "unknown"}) left no result:\n${tail}\n`;
    throw loadErrors.make("LL_LOAD_DRIVER_FAILED", what);
  }
  const outputDigest = createHash("sha256").update(text).digest("hex");
  const said = /"gitVersion":\s*"v?([^"]+)"/.exec(version)?.[1] ?? "unknown";
  return { version: said, stage, outputDigest, files: [{ name: "runners.log", text }] };
}

const toolPathOf = ({ toolPath }: OperatorJob): { toolPath?: string } =>
  toolPath === undefined ? {} : { toolPath };

async function untilEnded(
  { timeoutMs }: OperatorJob,
  { clock, signal }: Deps,
  stageNow: () => Promise<string>,
): Promise<string> {
  const untilMs = clock.monotonicMs() + (timeoutMs ?? timeoutMsDefault);
  for (;;) {
    const stage = (await stageNow()).trim();
    const isOver = stage === "finished" || stage === "error";
    if (isOver || signal.aborted || clock.monotonicMs() >= untilMs) return stage;
    // The only rejection is the abort, which ends the waiting.
    await clock.sleep(pollMs, signal).catch(() => undefined);
  }
}

function failure(args: readonly string[], end: ToolEnd): string {
  const tail = `${end.stdout}\n${end.stderr}`.trim().slice(-tailChars);
  return `kubectl ${args[0] ?? ""} ended with ${end.code ?? "a signal"}:\n${tail}\n`;
}
