import { parseJson } from "@loadline/kit/json";
import { isRecord, type JsonRecord, listOf } from "../dialects/json.ts";
import type { Part, Turn } from "./neutral.ts";

/** A text or a list of texts as a list; anything else is empty. */
export function readTexts(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return listOf(value).filter((text) => typeof text === "string");
}

/** The texts of some parts, joined. */
export function joinTexts(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
}

/** The object that the text of a tool call's arguments stands for; none when it is no object. */
export function argumentsOf(text: string): JsonRecord {
  const value = parseJson(text);
  return isRecord(value) ? value : {};
}

/** Media type and base64 data of a `data:` URL; undefined for any other. */
export function dataUrl(url: string): { mediaType: string; data: string } | undefined {
  const match = /^data:([^;,]+);base64,/.exec(url);
  if (!match) return undefined;
  return { mediaType: match[1] ?? "", data: url.slice(match[0].length) };
}

/** Neighbouring turns of one role as one, so that both sides take turns. */
export function mergeTurns(turns: readonly Turn[]): Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const last = merged.at(-1);
    if (last?.role !== turn.role) merged.push(turn);
    else merged[merged.length - 1] = { ...last, parts: [...last.parts, ...turn.parts] };
  }
  return merged;
}

/** One server-sent event; `name` is its `event:` line. */
export function sseEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** `object` without the members that are undefined. */
export function compact(object: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
