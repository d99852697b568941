import { isAbsolute, join } from "node:path";

/**
 * How V8 keeps the memory of a process that serves. Its defaults let the young generation grow to
 * 128 MB and then put what is under way into the old one, which costs CPU and memory; and its middle
 * compiler asks for some 25 MB at once while a process gets warm, of which nothing is given back.
 * They are read when a process starts, so such a process starts itself once more.
 */
export const servingFlags: readonly string[] = [
  "--max-semi-space-size=2",
  "--no-allocation-site-pretenuring",
  "--heap-growing-percent=20",
  "--no-maglev",
];

/** The same with a young generation for requests that wait: what is under way is not copied as often. */
export const roomyFlags: readonly string[] = ["--max-semi-space-size=4", ...servingFlags.slice(1)];

/** What of a configuration decides how long a request's objects live. */
export interface Waiting {
  readonly stores?: { readonly redis?: unknown } | undefined;
  readonly http?: { readonly front?: string | undefined } | undefined;
  readonly workers?: number | undefined;
}

/**
 * Flags for a configuration: requests wait for limits that a store or a supervisor keeps, and those of
 * Node's own server are several objects each.
 */
export function flagsFor({ stores, http, workers = 1 }: Waiting): readonly string[] {
  const waits = (stores?.redis ?? null) !== null || http?.front === "node" || workers > 1;
  return waits ? roomyFlags : servingFlags;
}

/**
 * How glibc keeps memory outside V8's heap: one arena, since the requests are one thread's; and what
 * is asked for in 32 KiB or more is given back when it is free, such as what a compiler worked in,
 * where its own threshold would rise to what was freed last. Another allocator reads neither.
 */
export const servingEnvironment = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "32768",
} as const;

const servingVerbs = ["serve", "up"];

export interface Started {
  /** With Node's own path and the script's. */
  readonly argv: readonly string[];
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** A parent talks to it over a channel, which a second start would lose. */
  readonly hasChannel: boolean;
}

export interface Restart {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * What to start in place of this process, undefined when it is as it should be: another verb, flags
 * of the user's own, Windows, or started already.
 */
export function restartOf(o: Started): Restart | undefined {
  const [node = "", script = "", verb = ""] = o.argv;
  if (!servingVerbs.includes(verb) || o.hasChannel || o.platform === "win32") return undefined;
  const given = [...o.execArgv, ...(o.env["NODE_OPTIONS"] ?? "").split(" ")];
  if (given.some(isHeapFlag)) return undefined;
  const environment: Record<string, string> = { ...servingEnvironment };
  const cache = compileCacheOf(o.env);
  if (cache !== undefined) environment["NODE_COMPILE_CACHE"] = cache;
  Object.assign(environment, variablesOf(o.env));
  const flags = [...o.execArgv, ...servingFlags];
  return { arguments: [node, ...flags, script, ...o.argv.slice(2)], environment };
}

/**
 * The same once the configuration is read: undefined when the flags are those for it already, or not
 * ours to change.
 */
export function refitOf(o: Started, config: Waiting): Restart | undefined {
  const flags = flagsFor(config);
  const at = o.execArgv.indexOf(servingFlags[0] ?? "");
  const isOurs = at >= 0 && servingFlags.every((flag, i) => o.execArgv[at + i] === flag);
  if (!isOurs || flags === servingFlags || o.hasChannel) return undefined;
  const [node = "", script = "", ...rest] = o.argv;
  const execArgv = o.execArgv.toSpliced(at, servingFlags.length, ...flags);
  return { arguments: [node, ...execArgv, script, ...rest], environment: variablesOf(o.env) };
}

/**
 * Puts what `find` wants in place of this process, which keeps its id; returns when nothing is wanted
 * or Node cannot.
 */
export function startAnew(
  process: NodeJS.Process,
  env: Started["env"],
  find: (started: Started) => Restart | undefined,
): void {
  const { argv, execArgv, platform, channel } = process;
  const restart = find({ argv, execArgv, env, platform, hasChannel: channel !== undefined });
  if (restart !== undefined && process.execve !== undefined)
    process.execve(process.execPath, [...restart.arguments], restart.environment);
}

function variablesOf(env: Started["env"]): Record<string, string> {
  const set = Object.entries(env).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Record<string, string>;
}

/**
 * Where code compiled by an earlier start is kept: with it, no process and no thread loads the type
 * stripper or compiles again. A folder of the user's own, since what lies there is run.
 */
function compileCacheOf(env: Started["env"]): string | undefined {
  const { XDG_CACHE_HOME: given = "", HOME: home = "" } = env;
  const caches = isAbsolute(given) ? given : isAbsolute(home) ? join(home, ".cache") : undefined;
  return caches === undefined ? undefined : join(caches, "loadline", "compile");
}

function isHeapFlag(flag: string): boolean {
  return /^--(max|min)-(semi|old)-space-size\b/.test(flag.replaceAll("_", "-"));
}
