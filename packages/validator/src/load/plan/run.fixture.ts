import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { runLoad } from "../run-load.ts";
import type { LoadAccount, LoadPlan, LoadRecord } from "../types.ts";
import type { LoadFile } from "./compile.ts";
import { compileLoadText, readLoadFile } from "./read-load-file.ts";

/** A folder of a plan's files, gone at the end. */
export interface PlanFolder extends Disposable {
  readonly path: string;
  write(name: string, text: string): void;
  /** Compiles a plan that lies in the folder as `plan.yaml`. */
  compile(text: string, env?: Readonly<Record<string, string>>): Promise<LoadFile>;
  /** Reads and compiles a plan's file. */
  read(name: string): Promise<LoadFile>;
  /** What compiling says: the error's code and message, or "accepted". */
  refusal(text: string, env?: Readonly<Record<string, string>>): Promise<string>;
}

export function planFolder(): PlanFolder {
  const path = mkdtempSync(join(tmpdir(), "loadline-plan-"));
  const compile: PlanFolder["compile"] = async (text, env = {}) =>
    await compileLoadText(text, "plan.yaml", {
      folder: path,
      env: (name) => env[name],
      clock: systemClock(),
    });
  return {
    path,
    write: (name, text) => writeFileSync(join(path, name), text),
    compile,
    read: async (name) =>
      await readLoadFile(join(path, name), { env: () => undefined, clock: systemClock() }),
    refusal: async (text, env) =>
      await compile(text, env).then(
        () => "accepted",
        (error: unknown) =>
          error instanceof Error ? codeOf(error) + error.message : String(error),
      ),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** What compiling says of a plan in a folder of its own, with these files beside it. */
export async function refusal(
  text: string,
  env: Readonly<Record<string, string>> = {},
  files: Record<string, string> = {},
): Promise<string> {
  using folder = planFolder();
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  return await folder.refusal(text, env);
}

const codeOf = (error: Error): string => ("code" in error ? `${String(error.code)} ` : "");

/** What a run said. */
export interface Ran {
  readonly records: readonly LoadRecord[];
  readonly accounts: readonly LoadAccount[];
  readonly events: readonly string[];
}

/** Runs a plan to its end, in this thread and without the probe unless told otherwise. */
export async function ran(
  plan: LoadPlan,
  o: { engine?: "inline" | "thread"; probe?: boolean; signal?: AbortSignal } = {},
): Promise<Ran> {
  const records: LoadRecord[] = [];
  const { engine = "inline", probe = false, signal } = o;
  const deps = {
    clock: systemClock(),
    engine,
    pacing: "timer",
    ...(signal && { signal }),
  } as const;
  for await (const record of runLoad({ ...plan, probe }, deps)) records.push(record);
  return {
    records,
    accounts: records.flatMap((one) => (one.type === "load.ended" ? one.accounts : [])),
    events: records.flatMap((one) => (one.type === "load.event" ? [one.text] : [])),
  };
}

/** Base URL of every plan here; nothing listens there. */
export const home = "http://127.0.0.1:9";
/** The steps of `rated`. */
export const step = "[{ http: / }]";

/** A plan with one scenario; `top` goes before the scenarios. */
export const plan = (scenario: string, top = ""): string => `load:
  target: { baseUrl: "${home}" }
${top}  scenarios:
    s: ${scenario}
`;

/** A plan of 5 requests a second; `o` follows the steps. */
export const rated = (o: string): string =>
  plan(`{ executor: constant-arrival-rate, rate: 5, duration: 10s, steps: ${step}${o} }`);
