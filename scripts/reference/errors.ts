import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { code, page, table } from "./markdown.ts";

export interface ErrorEntry {
  readonly code: string;
  readonly area: string;
  readonly status: string;
  readonly exit: string;
  readonly fault: string;
  readonly retryable: string;
  readonly summary: string;
  readonly remedy: string;
}

/** Names of the files that may declare error codes. */
const declares = /(^|[\\/])(errors|error-table)\.ts$/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : "";

/** Every row of every table that a module exports, plain or made by `defineErrors`. */
export function rowsOf(module: Record<string, unknown>, area: string): ErrorEntry[] {
  return Object.values(module)
    .flatMap((exported) => {
      if (!isRecord(exported)) return [];
      return Object.entries(isRecord(exported["table"]) ? exported["table"] : exported);
    })
    .flatMap(([name, row]) => {
      if (!/^LL_[A-Z0-9_]+$/.test(name) || !isRecord(row)) return [];
      return [
        {
          code: name,
          area,
          status: text(row["status"]),
          exit: text(row["exit"]),
          fault: text(row["fault"]),
          retryable: row["retryable"] === true ? "yes" : "no",
          summary: text(row["summary"]),
          remedy: text(row["remedy"]),
        },
      ];
    });
}

/** Imports every table below `packages/<name>/src` and returns the rows sorted by code, once each. */
export async function errorEntries(root: string): Promise<ErrorEntry[]> {
  const entries = new Map<string, ErrorEntry>();
  for (const area of readdirSync(join(root, "packages"))) {
    const source = join(root, "packages", area, "src");
    const files = readdirSync(source, { recursive: true, encoding: "utf8" })
      .filter((file) => declares.test(file))
      .sort((a, b) => a.localeCompare(b));
    for (const file of files) {
      const module: unknown = await import(pathToFileURL(join(source, file)).href);
      if (!isRecord(module)) continue;
      for (const entry of rowsOf(module, area)) {
        if (!entries.has(entry.code)) entries.set(entry.code, entry);
      }
    }
  }
  return [...entries.values()].sort((a, b) => a.code.localeCompare(b.code));
}

export async function errorsPage(root: string): Promise<string> {
  const entries = await errorEntries(root);
  return page(
    "Error codes",
    "Every code, what it means and what to do. `status` is the HTTP answer, `exit` the exit code " +
      "of the command line; an empty cell means that the code does not appear there.",
    table(
      ["code", "status", "exit", "fault", "retry", "what happened", "what to do"],
      entries.map((entry) => [
        code(entry.code),
        entry.status,
        entry.exit,
        entry.fault,
        entry.retryable,
        entry.summary,
        entry.remedy,
      ]),
    ),
  );
}
