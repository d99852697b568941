import { isRecord } from "@loadline/kit/json";
import { meant } from "@loadline/kit/nearest";
import type { z } from "zod";

/** What a union says that has no words of its own: one of its forms is told in its place. */
export const noForm = "fits none of its forms";

const kinds: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
  record: "a map of keys",
  null: "null",
};

/** What a value of a file is, in the words of its author. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "a map of keys";
  const shown = JSON.stringify(typeof value === "string" ? value.slice(0, 60) : value);
  return typeof value === "string" ? `the text ${shown}` : shown;
}

/** What is needed where an issue is, `a text` or `one of GET, POST`; null where that is not all. */
export function neededOf(issue: z.core.$ZodIssue | z.core.$ZodRawIssue): string | null {
  if (issue.code === "invalid_type") return kinds[issue.expected] ?? issue.expected;
  if (issue.code !== "invalid_value") return null;
  const words = issue.values.map(String);
  return words.length === 1 ? (words[0] ?? "") : `one of ${words.join(", ")}`;
}

/** The words of a parse for values that a schema has none of its own for. */
export const shapeText: z.core.$ZodErrorMap = (issue) => {
  const { input } = issue;
  if (issue.code === "invalid_union" && issue["discriminator"] === undefined) {
    return input === undefined ? "is missing" : noForm;
  }
  const needed = neededOf(issue);
  if (needed === null) return undefined;
  if (input === undefined) return `is missing: needs ${needed}`;
  if (issue.code === "invalid_value" && typeof input === "string") {
    return `needs ${needed}.${meant(input, issue.values.map(String))}`.replace(/\.$/, "");
  }
  return `needs ${needed}, found ${kindOf(input)}`;
};
