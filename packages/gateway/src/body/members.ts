import type { NumberBounds, ParamRules } from "../upstream/upstream.ts";
import { closingQuote, decodeString } from "./text.ts";

/** One member of the top-level object: its segment runs from after the comma before it. */
interface Member {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly valueStart: number;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
const commaBytes = Buffer.from(",");

/**
 * Applies rules to the top-level members of an object that was scanned before. Members that stay
 * keep their bytes; the order is kept too.
 */
export function applyParams(bytes: Buffer, rules: ParamRules): Buffer {
  const open = bytes.indexOf(openBrace);
  const { members, close } = membersOf(bytes, open + 1);
  const pieces: Buffer[] = [];
  for (const member of members) {
    if (rules.keep && !rules.keep.includes(member.name)) continue;
    if (rules.drop?.includes(member.name)) continue;
    pieces.push(pieces.length > 0 ? commaBytes : bytes.subarray(0, open + 1));
    writeMember(bytes, member, rules, pieces);
  }
  if (pieces.length === 0) pieces.push(bytes.subarray(0, open + 1));
  pieces.push(bytes.subarray(close));
  return Buffer.concat(pieces);
}

function writeMember(bytes: Buffer, member: Member, rules: ParamRules, pieces: Buffer[]): void {
  const name = own(rules.rename, member.name);
  const bounds = own(rules.clamp, member.name);
  pieces.push(bytes.subarray(member.start, member.nameStart));
  const nameBytes = bytes.subarray(member.nameStart, member.nameEnd);
  pieces.push(name === undefined ? nameBytes : Buffer.from(JSON.stringify(name)));
  pieces.push(bytes.subarray(member.nameEnd, member.valueStart));
  const value = bytes.subarray(member.valueStart, member.end);
  pieces.push(bounds ? clamp(value, bounds) : value);
}

function own<Value>(
  table: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return table && Object.hasOwn(table, name) ? table[name] : undefined;
}

/** A number outside of its bounds becomes the nearest bound; any other value stays. */
function clamp(value: Buffer, { min, max }: NumberBounds): Buffer {
  const first = value[0] ?? 0;
  if (first !== 0x2d && (first < 0x30 || first > 0x39)) return value;
  const number = Number(value.toString("latin1"));
  if (min !== undefined && number < min) return Buffer.from(String(min));
  return max !== undefined && number > max ? Buffer.from(String(max)) : value;
}

function membersOf(bytes: Buffer, from: number): { members: Member[]; close: number } {
  const members: Member[] = [];
  let at = from;
  for (;;) {
    const start = at;
    while (at < bytes.length && bytes[at] !== quote && bytes[at] !== closeBrace) at++;
    if (bytes[at] !== quote) return { members, close: at };
    const nameStart = at;
    const nameEnd = closingQuote(bytes, at + 1) + 1;
    const name = decodeString(bytes, nameStart, nameEnd) ?? "";
    at = nameEnd;
    while (at < bytes.length && bytes[at] !== colon) at++;
    const valueStart = skipSpace(bytes, at + 1);
    at = valueEnd(bytes, valueStart);
    members.push({ name, start, end: at, nameStart, nameEnd, valueStart });
    if (bytes[at] !== comma) return { members, close: at };
    at++;
  }
}

/** Offset of the comma or brace that follows the value at `at`. */
function valueEnd(bytes: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) at = closingQuote(bytes, at + 1);
    else if (byte === openBrace || byte === openBracket) depth++;
    else if (depth === 0 && (byte === comma || byte === closeBrace)) return at;
    else if (byte === closeBrace || byte === closeBracket) depth--;
  }
  return bytes.length;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while ((bytes[at] ?? 0x21) <= 0x20) at++;
  return at;
}
