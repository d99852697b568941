import { meant } from "@loadline/kit/nearest";
import { cliErrors } from "./errors.ts";

export interface OptionSpec {
  /** Long name without dashes. */
  readonly name: string;
  /** Placeholder of its value, e.g. `N`; a flag has none. */
  readonly value?: string;
  /** The value may be left out; it is given after `=` only. */
  readonly optional?: true;
  /** Closed set of values. */
  readonly oneOf?: readonly string[];
  readonly help: string;
}

export interface PositionalSpec {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Closed set for the first one, e.g. `create`, `list`. */
  readonly oneOf?: readonly string[];
}

/** Parsed arguments of one verb. */
export interface Args {
  has(flag: string): boolean;
  /** Value of an option, or undefined when it was not given. */
  text(option: string): string | undefined;
  /** Integer value within bounds. Throws `LL_CLI_VALUE`. */
  count(option: string, bounds: { min: number; max: number }): number | undefined;
  /** Comma-separated list, empty when not given. */
  list(option: string): readonly string[];
  readonly positionals: readonly string[];
}

interface Parsed {
  readonly values: Map<string, string>;
  readonly flags: Set<string>;
  readonly positionals: string[];
}

/** Options every verb takes. */
export const commonOptions: readonly OptionSpec[] = [
  {
    name: "state",
    value: "DIR",
    help: "state directory, default LOADLINE_STATE_DIR or ./.loadline",
  },
  { name: "json", help: "one JSON document on standard output, nothing else" },
  { name: "help", help: "this text" },
];

/** Parses `argv` against a verb's tables. Throws `LL_CLI_FLAG`, `_VALUE` or `_ARGUMENT` (64). */
export function parseArgs(
  argv: readonly string[],
  options: readonly OptionSpec[],
  positional: PositionalSpec,
): Args {
  const parsed: Parsed = { values: new Map(), flags: new Set(), positionals: [] };
  let index = 0;
  while (index < argv.length) index += takeOne(argv, index, options, parsed);
  if (!parsed.flags.has("help")) checkPositionals(parsed.positionals, positional);
  return createArgs(parsed);
}

/** Reads the word at `index` and tells how many words it took. */
function takeOne(
  argv: readonly string[],
  index: number,
  options: readonly OptionSpec[],
  into: Parsed,
): number {
  const word = argv[index] ?? "";
  if (word === "-h") {
    into.flags.add("help");
    return 1;
  }
  if (!word.startsWith("-") || word === "-") {
    into.positionals.push(word);
    return 1;
  }
  const [name = "", ...rest] = word.replace(/^--?/, "").split("=");
  const option = options.find((one) => one.name === name);
  if (option === undefined || !word.startsWith("--")) throw unknownFlag(word, name, options);
  const inline = word.includes("=") ? rest.join("=") : undefined;
  if (option.value === undefined) return takeFlag(name, inline, into);
  if (option.optional === true && inline === undefined) return takeFlag(name, inline, into);
  into.values.set(name, valueOf(option, inline, argv[index + 1]));
  return inline === undefined ? 2 : 1;
}

function takeFlag(name: string, inline: string | undefined, into: Parsed): 1 {
  if (inline !== undefined) {
    throw cliErrors.make("LL_CLI_VALUE", `--${name} takes no value.`, { param: name });
  }
  into.flags.add(name);
  return 1;
}

/** The value after `=`, else the next word; another flag is no value. */
function valueOf(option: OptionSpec, inline: string | undefined, next: string | undefined): string {
  const value = inline ?? (next?.startsWith("--") ? undefined : next);
  if (value === undefined || value === "") {
    throw cliErrors.make("LL_CLI_VALUE", `--${option.name} needs a value (${option.value}).`);
  }
  checkChoice(`--${option.name}`, value, option.oneOf);
  return value;
}

function unknownFlag(word: string, name: string, options: readonly OptionSpec[]): Error {
  const hint = meant(
    `--${name}`,
    options.map((one) => `--${one.name}`),
  );
  return cliErrors.make("LL_CLI_FLAG", `${word}: unknown flag.${hint}`, { param: name });
}

function checkChoice(what: string, value: string, oneOf: readonly string[] | undefined): void {
  if (oneOf === undefined || oneOf.includes(value)) return;
  const hint = meant(value, oneOf);
  const is = what.startsWith("--") ? "is one of" : "is none of";
  throw cliErrors.make("LL_CLI_VALUE", `${what} ${is} ${oneOf.join(", ")}.${hint}`);
}

function checkPositionals(given: readonly string[], spec: PositionalSpec): void {
  if (given.length < spec.min) {
    throw cliErrors.make("LL_CLI_ARGUMENT", `${spec.name} is missing.`);
  }
  const extra = given[spec.max];
  if (extra !== undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", `"${extra}" is one argument too many.`);
  }
  // What an unset variable of a shell leaves behind would name the current folder.
  if (given.includes("")) {
    throw cliErrors.make("LL_CLI_ARGUMENT", `${spec.name} is empty.`);
  }
  if (given[0] !== undefined) checkChoice(`"${given[0]}"`, given[0], spec.oneOf);
}

function createArgs(parsed: Parsed): Args {
  const text = (option: string): string | undefined => parsed.values.get(option);
  return {
    has: (flag) => parsed.flags.has(flag),
    text,
    count(option, { min, max }) {
      const value = text(option);
      if (value === undefined) return undefined;
      const count = Number(value);
      if (!/^\d{1,15}$/.test(value) || count < min || count > max) {
        throw cliErrors.make(
          "LL_CLI_VALUE",
          `--${option} is a whole number from ${min} to ${max}.`,
        );
      }
      return count;
    },
    list: (option) =>
      (text(option) ?? "")
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== ""),
    positionals: parsed.positionals,
  };
}
