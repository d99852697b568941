import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";

const healthy = [
  '{"time":"2026-01-02T03:04:05Z","level":"info","msg":"started"}',
  '{"time":"2026-01-02T03:04:06Z","level":"error","msg":"retry 3 of upstream 10.0.0.7"}',
];

/** A structured log with one known error; a rule adds a line to it or makes it old. */
export async function startLogsTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const added = rules.filter(({ when }) => when === "app.log").map(({ reply }) => reply);
  const text = `${[...healthy, ...added].join("\n")}\n`;
  const folder = await makeFolder({ "app.log": text });
  const file = join(folder.path, "app.log");
  const old = rules.find(({ when }) => when === "mtime")?.reply;
  if (old !== undefined) {
    const seconds = systemClock().wallMs() / 1_000 - Number(old);
    await utimes(file, seconds, seconds);
  }
  return {
    service: {
      kind: "logs",
      files: [file],
      known: ["retry # of upstream #"],
      freshSeconds: 600,
    },
    secrets: {},
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
