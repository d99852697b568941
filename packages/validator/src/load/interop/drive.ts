import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import { loadErrors } from "../errors.ts";
import type { ForeignFile } from "./foreign.ts";
import { resultWord } from "./results.ts";
import { runTool } from "./run-tool.ts";

export type DrivenTool = "k6" | "locust";

export interface DriveJob {
  readonly tool: DrivenTool;
  /** Path of the script, absolute. */
  readonly script: string;
  /** Path of the tool; without it the folders of `env.PATH` are searched. */
  readonly toolPath?: string;
  /** Locust: what its command line has to say; k6 has these in its script. */
  readonly users?: number;
  readonly spawnRate?: number;
  readonly duration?: string;
  readonly host?: string;
  /** A plan decides: what a script that was exported from one counted itself wins over a summary. */
  readonly hasPlan?: boolean;
  /** Given to the tool, its own variables among them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Longest run in ms, default 2 h. */
  readonly timeoutMs?: number;
}

export interface Driven {
  readonly tool: DrivenTool;
  readonly version: string;
  readonly args: readonly string[];
  /** Data, not a verdict; null when a signal or the time limit ended it. */
  readonly exitCode: number | null;
  readonly meaning: string;
  readonly outputDigest: string;
  readonly files: readonly ForeignFile[];
}

const tailChars = 2000;
const timeoutMsDefault = 2 * 3_600_000;
const versionTimeoutMs = 30_000;

const meanings: Readonly<Record<DrivenTool, Readonly<Record<number, string>>>> = {
  k6: {
    0: "ended, its own thresholds kept",
    99: "ended, a threshold of its own crossed",
    104: "the configuration is not valid",
    105: "stopped from outside",
    107: "the script threw an exception",
    108: "the script aborted the run",
    110: "the cloud or the engine gave up",
  },
  locust: { 0: "ended without failed requests", 1: "ended with failed requests or exceptions" },
};

/** Path of a tool on this machine, null when it is not there. */
export function findTool(
  job: Pick<DriveJob, "toolPath" | "env"> & { readonly tool: string },
): string | null {
  if (job.toolPath !== undefined) return existsSync(job.toolPath) ? job.toolPath : null;
  for (const folder of (job.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, job.tool);
    if (folder !== "" && existsSync(path) && statSync(path).isFile()) return path;
  }
  return null;
}

/**
 * Runs a k6 or Locust script with the local binary and hands over the results it wrote. The exit
 * code is recorded, not judged. @throws LL_LOAD_DRIVER_MISSING, LL_LOAD_DRIVER_FAILED
 */
export async function driveTool(
  job: DriveJob,
  deps: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Driven> {
  const path = findTool(job);
  if (path === null) {
    const where = job.toolPath ?? "any folder of PATH";
    throw loadErrors.make("LL_LOAD_DRIVER_MISSING", `${job.tool} is not in ${where}.`);
  }
  using scratch = makeScratchFolder("loadline-drive-");
  const dir = scratch.path;
  const version = await versionOf(path, job, deps);
  const args = argumentsOf(job, dir);
  const timeoutMs = job.timeoutMs ?? timeoutMsDefault;
  const ended = await runTool({ path, args, env: job.env, timeoutMs }, deps);
  const files = filesOf(job, dir, ended.stdout);
  const meaning = meanings[job.tool][ended.code ?? -1] ?? "no meaning is known of this exit code";
  if (files.length === 0) {
    const tail = `${ended.stdout}\n${ended.stderr}`.trim().slice(-tailChars);
    const what = `${job.tool} ended with ${ended.code ?? "a signal"} (${meaning}):\n${tail}\n`;
    throw loadErrors.make("LL_LOAD_DRIVER_FAILED", what);
  }
  const outputDigest = createHash("sha256").update(ended.stdout).update(ended.stderr).digest("hex");
  return { tool: job.tool, version, args, exitCode: ended.code, meaning, outputDigest, files };
}

function argumentsOf(job: DriveJob, dir: string): string[] {
  if (job.tool === "k6") {
    const stats = "avg,min,med,max,p(50),p(90),p(95),p(99),p(99.9),count";
    const summary = ["--summary-export", join(dir, "summary.json"), "--summary-trend-stats", stats];
    return ["run", "--no-usage-report", "--quiet", ...summary, job.script];
  }
  const option = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, String(value)];
  return [
    "-f",
    job.script,
    "--headless",
    "--json",
    "--csv",
    join(dir, "run"),
    "--csv-full-history",
    ...option("-u", job.users),
    ...option("-r", job.spawnRate ?? job.users),
    ...option("-t", job.duration),
    ...option("--host", job.host),
  ];
}

function filesOf({ tool, hasPlan = false }: DriveJob, dir: string, stdout: string): ForeignFile[] {
  const hasOwn = hasPlan && stdout.includes(resultWord);
  if (tool === "k6" && hasOwn) return [{ name: "k6.log", text: stdout }];
  const written = readdirSync(dir).map((name) => ({
    name,
    text: readFileSync(resolve(dir, name), "utf8"),
  }));
  if (tool === "k6") return written;
  const list = /^\[\s*$[\s\S]*^\]\s*$/m.exec(stdout)?.[0] ?? /^\[\]\s*$/m.exec(stdout)?.[0];
  return list === undefined ? [] : [{ name: "locust.json", text: list }, ...written];
}

async function versionOf(
  path: string,
  job: DriveJob,
  deps: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string> {
  const args = job.tool === "k6" ? ["version"] : ["--version"];
  const run = { path, args, env: job.env, timeoutMs: versionTimeoutMs };
  const said = await runTool(run, deps);
  const version = /^(?:k6 v|locust )(\d+\.\d+\S*)/m.exec(`${said.stdout}\n${said.stderr}`)?.[1];
  if (version !== undefined) return version;
  throw loadErrors.make("LL_LOAD_DRIVER_MISSING", `${path} does not say that it is ${job.tool}.`);
}
