import { parseJson } from "@loadline/kit/json";
import { isRecord, type JsonRecord, listOf, textOf } from "../dialects/json.ts";
import type { AnswerFormat, Losses, Part, Turn } from "./neutral.ts";

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

/** The schema of an answer, as chat and responses name its members. */
export function schemaFormat(value: JsonRecord): AnswerFormat {
  const { name, description, schema, strict } = value;
  return {
    kind: "schema",
    name: textOf(name),
    description: textOf(description) || undefined,
    schema,
    isStrict: booleanOf(strict),
  };
}

/** The text of what a tool gave; of anything else `losses` is told. */
export function toolText(parts: readonly Part[], path: string, losses: Losses): string {
  if (parts.some((part) => part.kind !== "text")) losses.add(`${path}.content`);
  return joinTexts(parts);
}

/** What system turns lose where there is one text for them, before all that is said. */
export function addSystemLosses(turns: readonly Turn[], losses: Losses): void {
  let hasSpoken = false;
  for (const turn of turns) {
    if (turn.role !== "system") hasSpoken = true;
    else if (hasSpoken) losses.add(`${turn.path}.role`);
    for (const part of turn.role === "system" ? turn.parts : [])
      if (part.kind !== "text") losses.add(`${turn.path}.content`);
  }
}

export function booleanOf(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
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
