import type { LoadlineError } from "@loadline/kit/errors";
import { modelErrors } from "../error-table.ts";

/** A JSON object as it came from outside. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `LL_MODEL_REQUEST` for one field of the body. */
export function badField(param: string, message: string): LoadlineError {
  return modelErrors.make("LL_MODEL_REQUEST", `${param}: ${message}`, { param });
}

/** A number in the closed range, undefined when the field is absent or null. */
export function numberField(
  fields: Fields,
  name: string,
  [least, most]: readonly [number, number],
): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || value < least || value > most) {
    throw badField(name, `a number from ${least} to ${most} is wanted`);
  }
  return value;
}

export function integerField(
  fields: Fields,
  name: string,
  range: readonly [number, number],
): number | undefined {
  const value = numberField(fields, name, range);
  if (value !== undefined && !Number.isInteger(value)) throw badField(name, "no whole number");
  return value;
}

export function booleanField(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw badField(name, "true or false is wanted");
  return value;
}

/** The body as an object whose `model` is ours. Throws `LL_MODEL_REQUEST` or `LL_MODEL_NAME`. */
export function parseBody(body: Buffer, modelName: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw modelErrors.make("LL_MODEL_REQUEST", "The body is no JSON.", { cause });
  }
  if (!isFields(value)) throw modelErrors.make("LL_MODEL_REQUEST", "The body is no JSON object.");
  const model = value["model"];
  if (typeof model !== "string") throw badField("model", "a name is wanted");
  if (model !== modelName) {
    const message = `This host serves ${JSON.stringify(modelName)} only.`;
    throw modelErrors.make("LL_MODEL_NAME", message, { param: "model" });
  }
  return value;
}
