import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lintReport } from "@loadline/contract/lint";
import { readVerdict, type VerdictDocument } from "@loadline/contract";
import { repositoryRoot } from "../architecture/tree.ts";

const main = join(repositoryRoot, "packages/cli/src/main.ts");
/** A command that takes longer is ended, so that no child outlives its test. */
const commandMsMax = 110_000;

export const emptyDir = (): string => mkdtempSync(join(tmpdir(), "loadline-cli-"));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Entry of the command; default that of this repository. */
  readonly main?: string;
  /** Sees standard error as it comes and may send signals. */
  readonly onErr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `loadline` as a process of its own, the way a user starts it. */
export function runCli(cwd: string, argv: readonly string[], o: RunOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [o.main ?? main, ...argv], {
    cwd,
    env: { ...process.env, ...o.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: commandMsMax,
    killSignal: "SIGKILL",
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    o.onErr?.(err, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

/** The document `--json` printed; fails the test when standard output holds anything else. */
export function verdictOf(ended: Ended): VerdictDocument {
  const value: unknown = JSON.parse(ended.out);
  const verdict = readVerdict(value);
  if (verdict === null) throw new Error(`not a verdict: ${ended.out.slice(0, 200)}`);
  return verdict;
}

/** Ids of the claims with this verdict, in the plan's order. */
export const claimsThat = (document: VerdictDocument, verdict: string): string[] =>
  document.claims.filter((claim) => claim.verdict === verdict).map(({ id }) => id);

/** The directory of the only run below `cwd`. */
export function runDirOf(cwd: string): string {
  const runs = join(cwd, ".loadline", "runs");
  const names = readdirSync(runs).filter((name) => /^\d/.test(name));
  if (names.length !== 1) throw new Error(`${runs} holds ${names.length} runs`);
  return join(runs, names[0] ?? "");
}

/** What the lint finds in the views of a run, the page among them; nothing is wanted. */
export function lintOf(runDir: string): string[] {
  return ["report.html", "report.md", "verdict.json"].flatMap((name) => {
    const path = join(runDir, name);
    if (!existsSync(path)) return [];
    return lintReport(name, readFileSync(path)).findings.map(
      ({ rule, message }) => `${name}: ${rule}: ${message}`,
    );
  });
}

/** The records of a bundle as text, one a line. */
export const evidenceOf = (runDir: string): string =>
  readFileSync(join(runDir, "evidence.jsonl"), "utf8");
