import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { parse } from "yaml";
import { stackErrors } from "../errors.ts";
import { textOf } from "../wire/shape.ts";

/** A compose file as it stands: variables are not filled, other files not read. */
export interface ComposeFile {
  /** As the file names the project; empty where it does not. */
  readonly name: string;
  readonly services: readonly (readonly [name: string, service: JsonRecord])[];
  readonly secrets: JsonRecord;
  /** Keys beside the services that name further files. */
  readonly unread: readonly string[];
}

const elsewhere = ["include"];

/** @throws LL_STACK_COMPOSE for what is no YAML, or has no map of services */
export function readCompose(text: string): ComposeFile {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100, merge: true });
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
    throw stackErrors.make("LL_STACK_COMPOSE", `${why}.`, { cause });
  }
  const services = isRecord(value) ? value["services"] : undefined;
  if (!isRecord(value) || !isRecord(services)) {
    throw stackErrors.make("LL_STACK_COMPOSE", "It has no map of services.");
  }
  const all = Object.entries(services).map(([name, held]): [string, JsonRecord] => {
    if (held !== null && !isRecord(held)) {
      throw stackErrors.make("LL_STACK_COMPOSE", `services.${name} is no map.`);
    }
    return [name, held ?? {}];
  });
  const { secrets } = value;
  return {
    name: textOf(value["name"]),
    services: all,
    secrets: isRecord(secrets) ? secrets : {},
    unread: elsewhere.filter((key) => value[key] !== undefined),
  };
}

/** Stands in a filled text where a variable has no default; no text of YAML holds it. */
const open = "\u0000";

const variable = /\$(?:(\$)|(\w+)|\{(\w+)(?:(:?[-?+])([^{}]*))?\})/g;
const nestedMax = 8;

/**
 * A text with each variable as its default; see `isOpen` for one without. Nobody is asked for its
 * value: a plan is made on one machine and run on another.
 */
export function filled(value: unknown): string {
  let text = textOf(value);
  for (let round = 0; round < nestedMax; round++) {
    const before = text;
    text = text.replace(variable, (whole: string, ...found: unknown[]) => {
      const [dollar, , , how, word] = found;
      if (dollar === "$") return whole;
      if (typeof how !== "string" || how.endsWith("?")) return open;
      return how.endsWith("-") ? textOf(word) : "";
    });
    if (text === before) break;
  }
  return text.replaceAll("$$", "$");
}

/** A text that stands for `standard` where it is not there, or a variable of it has no default. */
export function filledOr(value: unknown, standard: string): string {
  const text = filled(value);
  return text === "" || isOpen(value) ? standard : text;
}

/** Whether a variable in a text, or in one that was filled, has no default. */
export const isOpen = (value: unknown): boolean => filled(value).includes(open);

/** A filled text as a note shows it. */
export const shownText = (text: string): string => text.replaceAll(open, "?");

/** One without a value has that of whoever starts the project. */
const passedOn = (name: string): string => `\${${name}}`;

/** `environment` of both shapes, as it stands. */
export function variablesOf(service: JsonRecord): ReadonlyMap<string, string> {
  const given = service["environment"];
  if (isRecord(given)) {
    return new Map(
      Object.entries(given).map(([name, held]) => [
        name,
        held === null ? passedOn(name) : textOf(held),
      ]),
    );
  }
  const rows = Array.isArray(given) ? given.map(String) : [];
  return new Map(
    rows.map((row) => {
      const at = row.indexOf("=");
      return at < 0 ? [row, passedOn(row)] : [row.slice(0, at), row.slice(at + 1)];
    }),
  );
}
