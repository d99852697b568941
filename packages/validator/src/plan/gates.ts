import { readFileSync } from "node:fs";
import { type Gate, parseGates } from "@loadline/contract";
import { z } from "zod";
import { validatorErrors } from "../errors.ts";
import { parseYaml } from "./yaml-problems.ts";

function refuse(message: string, cause?: unknown): Error {
  return validatorErrors.make("LL_GATE_FILE", message, { cause });
}

/** Reads a gate file: every problem at once, each with its line. @throws LL_GATE_FILE */
export function loadGates(path: string): readonly Gate[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw refuse(`${path}: ${cause instanceof Error ? cause.message : String(cause)}.`, cause);
  }
  const read = parseYaml(text, z.unknown());
  if (!read.ok)
    throw refuse(read.problems.map((p) => `${p.message} (${path}:${p.line})`).join("\n"));
  const parsed = parseGates(read.data);
  if (parsed.ok) return parsed.gates;
  const lines = parsed.problems.map((p) => {
    const line = read.lineAt(p.path.split(".").filter((step) => step !== ""));
    return `${p.code} ${p.path}: ${p.message} (${path}:${line})`;
  });
  throw refuse(lines.join("\n"));
}
