import type { Amount, Cell, Field, Role } from "../types.ts";
import type { DecimalSign } from "./locale.ts";
import { readAmounts } from "./amounts.ts";
import { roleOf } from "./roles.ts";
import { statusOf } from "./status.ts";
import { unitAt } from "./units.ts";

/** `key: value`, `key = value` or `key ..... value`, both sides without markup. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Splits `key: value`; null for prose. Keys have at most 60 characters and 8 words. */
export function pairOf(text: string): Pair | null {
  const head = text.slice(0, 80);
  const match = /^([^:=|]{1,60}?)(?::\s+|\s=\s|\s?\.{3,60}\s?|\s[\u2013\u2014]\s)/.exec(head);
  const key = match?.[1]?.trim() ?? "";
  const value = text.slice(match?.[0].length ?? 0).trim();
  if (match === null || key === "" || value === "" || value.length > 300) return null;
  if (key.split(" ").length > 8 || /[.!?,]\s/.test(key)) return null;
  return { key, value };
}

/** A unit that stands in the name of a column, such as `Duration (min)` or `Pass rate %`. */
function unitOfName(name: string): ReturnType<typeof unitAt> {
  const inner = /[([]([^()[\]]{1,12})[)\]]/.exec(name)?.[1] ?? (name.includes("%") ? "%" : "");
  const found = unitAt(inner.trim(), 0);
  if (found !== null) return found;
  const last = name.trim().split(" ").at(-1) ?? "";
  return /^(?:minutes|seconds|hours|ms|percent)$/i.test(last) ? unitAt(last, 0) : null;
}

/** Lays the unit of the column over a figure that has none. */
function withUnit(amount: Amount, unit: ReturnType<typeof unitAt>): Amount {
  if (unit === null || amount.unit !== "" || amount.of !== undefined) return amount;
  const { factor, dimension, name } = unit;
  return {
    ...amount,
    value: amount.value * factor,
    ...(amount.upper === undefined ? {} : { upper: amount.upper * factor }),
    half: amount.half * factor,
    dimension,
    unit: name,
  };
}

/** What a name tells about every value below it. */
export interface Named {
  readonly name: string;
  readonly role: Role;
  readonly unit: ReturnType<typeof unitAt>;
}

/** Reads the name of a column or key, once for all of its values. */
export function readName(name: string): Named {
  return { name, role: roleOf(name), unit: unitOfName(name) };
}

/** One named value with what can be read from it. */
export function readField({ name, role, unit }: Named, cell: Cell, sign: DecimalSign): Field {
  const found = readAmounts(cell.text, { line: cell.line, sign });
  const amounts = found.map((one) => withUnit(one, unit));
  return { name, role, cell, amounts, status: statusOf(cell.text) };
}

const countRoles: ReadonlySet<string> = new Set(["total", "passed", "failed", "open"]);

function pieceField(piece: string, line: number, sign: DecimalSign): Field | null {
  const [amount, second] = readAmounts(piece, { line, sign });
  if (amount === undefined || second !== undefined || amount.of !== undefined) return null;
  const before = piece
    .slice(0, amount.start)
    .replace(/[:=\s]+$/, "")
    .trim();
  const after = piece.slice(amount.end).replace(/^[\s]+|[.)\s]+$/g, "");
  if (before !== "" && after !== "") return null;
  const name = before === "" ? after : before;
  const role = roleOf(name);
  const isRate = amount.dimension === "percent" && (role === "rate" || role === "badRate");
  const isCount = amount.dimension === "count" && countRoles.has(role);
  if (!isRate && !isCount && !(role === "duration" && amount.dimension === "time")) return null;
  return { name, role, cell: { text: amount.text, line }, amounts: [amount], status: null };
}

/** A slash parts fields; `12 / 1` behind `Passed / Failed:` are figures without names. */
const between =
  /,\s+|;\s*|\s\|\s|\s\/\s(?=[^,;|/\d]*\p{L}|\d+\s*\p{L})|\s\u00b7\s|\s(?:and|with|of which|und)\s|[()]/u;
const betweenOrColon = new RegExp(`${between.source}|:\\s+`, "u");

/**
 * `20 tests: 18 passed, 1 failed`, `passed 18, failed 2` and `Passed: 18, Failed: 2` as named fields,
 * in their order: whichever way of reading the colons gives more of them.
 */
export function piecesOf(text: string, line: number, sign: DecimalSign): Field[] {
  const [parted, named] = [betweenOrColon, between].map((mark) =>
    fieldsOf(text.split(mark), line, sign),
  );
  if (parted === undefined || named === undefined) return [];
  return named.length > parted.length ? named : parted;
}

function fieldsOf(parts: readonly string[], line: number, sign: DecimalSign): Field[] {
  if (parts.length < 2 || parts.length > 24) return [];
  const fields = parts.flatMap((part) => pieceField(part.trim(), line, sign) ?? []);
  const names = new Set(fields.map((field) => field.name.toLowerCase()));
  return names.size === fields.length && fields.length >= 2 ? fields : [];
}
