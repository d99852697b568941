import { join } from "node:path";
import type { Found, Missing, Part, PartsEnvironment } from "./part.ts";

/** How a program is asked who it is. */
interface Question {
  readonly command: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  /** Its version is the first group. */
  readonly banner: RegExp;
  /** The reason where the banner is not there; else that `command` is another program. */
  readonly otherwise?: string;
}

type Version = { readonly version: string } | { readonly reason: string };

/** The version that a program says it has, or why there is none. */
export async function askVersion(
  run: PartsEnvironment["run"],
  { command, args, timeoutMs, banner, otherwise }: Question,
): Promise<Version> {
  const said = await run(command, args, timeoutMs);
  if (!said.ok) return { reason: said.reason };
  const version = banner.exec(said.text)?.[1];
  if (version !== undefined) return { version };
  return { reason: otherwise ?? `${command} is another program` };
}

/** A part that is one program, known by its banner alone. */
interface OneProgram extends Pick<Part, "id" | "group" | "get">, Omit<Question, "command"> {
  /** Where it may be, asked in this order; a relative path is below the folder of parts. */
  readonly paths: readonly string[];
}

export function programPart({ id, group, get, paths, ...question }: OneProgram): Part {
  return {
    id,
    group,
    get,
    async probe({ partsDir, run }): Promise<Found | Missing> {
      const reasons: string[] = [];
      for (const path of paths) {
        const command = path.startsWith("/") ? path : join(partsDir, path);
        const answer = await askVersion(run, { ...question, command });
        if ("version" in answer) return { id, ...answer, path: command };
        reasons.push(answer.reason);
      }
      return { id, reason: reasons.join("; ") };
    },
  };
}
