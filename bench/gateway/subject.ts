/** Measured processes: started beside each other, each on a core of its choice. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  flagsFor,
  servingEnvironment,
  servingFlags,
  type Waiting,
} from "../../packages/cli/src/process/heap.ts";
import type { Question, Ready, Sample } from "./child.ts";

export interface Subject extends Ready {
  readonly name: string;
  readonly child: ChildProcess;
}

/** The core of what is measured, and of all that drives it. */
export const measuredCore = 1;
export const drivingCore = 0;

/** What a user who starts the command with nothing configured gets. */
export const nodeFlags = servingFlags;

function message<T extends object>(child: ChildProcess, field: keyof T): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error("a child ended early"));
    child.once("exit", onExit);
    child.once("message", (value: unknown) => {
      child.off("exit", onExit);
      if (typeof value === "object" && value !== null && field in value) resolve(value as T);
      else reject(new Error("a child said something else"));
    });
  });
}

/** Keeps every thread of a process on one core: what is measured stands alone on its own. */
export function pin(pid: number | undefined, core: number): void {
  if (pid !== undefined)
    execFileSync("taskset", ["-a", "-c", "-p", String(core), String(pid)], { stdio: "ignore" });
}

/** Starts a script of this folder. */
export async function start(
  name: string,
  o: {
    script: string;
    core: number;
    arguments?: readonly string[];
    flags?: readonly string[];
    environment?: Readonly<Record<string, string>>;
  },
): Promise<Subject> {
  const path = fileURLToPath(new URL(o.script, import.meta.url));
  const child = fork(path, [...(o.arguments ?? [])], {
    execArgv: [...(o.flags ?? [])],
    ...(o.environment && { env: { ...process.env, ...o.environment } }),
  });
  pin(child.pid, o.core);
  const ready = await message<Ready>(child, "port");
  // Threads that were started meanwhile.
  pin(child.pid, o.core);
  return { name, child, ...ready };
}

/** `flags` of Node beside those it serves with. */
export function startGateway(
  name: string,
  base: string,
  config: Waiting & Readonly<Record<string, unknown>> = {},
  flags: readonly string[] = [],
): Promise<Subject> {
  const settings = [base, JSON.stringify(config)];
  return start(name, {
    script: "gateway.ts",
    core: measuredCore,
    arguments: settings,
    flags: [...flagsFor(config), ...flags],
    environment: servingEnvironment,
  });
}

export async function sample(subject: Subject, question: Question = "sample"): Promise<Sample> {
  const answer = message<Sample>(subject.child, "cpuMicros");
  subject.child.send(question);
  return answer;
}

export function stop(...subjects: readonly Subject[]): void {
  for (const { child } of subjects) child.disconnect();
}

/** Every limit that binds nobody here, so that each has its cost and none its effect. */
export const allLimits = {
  limits: [
    { scope: "key", resource: "requests", limit: 1e8, period: "1m" },
    { scope: "key", resource: "tokens", limit: 1e9, period: "1m" },
    { scope: "tenant", resource: "requests", limit: 1e8, period: "1m" },
    { scope: "model", resource: "requests", limit: 1e8, period: "1m" },
    { scope: "global", resource: "requests", limit: 1e8, period: "1m" },
  ],
};
