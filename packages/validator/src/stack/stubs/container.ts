import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";

const healthy = {
  RestartCount: 0,
  State: { Status: "running", ExitCode: 0, OOMKilled: false, Health: { Status: "healthy" } },
  Config: { User: "10001" },
  HostConfig: {
    Privileged: false,
    CapAdd: [],
    ReadonlyRootfs: true,
    Memory: 268_435_456,
    PidsLimit: 128,
  },
};

/** `over` laid over `under`, object by object. */
function laid(under: JsonRecord, over: JsonRecord): JsonRecord {
  const pairs = Object.entries(over).map(([key, value]): [string, unknown] => {
    const before = under[key];
    return [key, isRecord(value) && isRecord(before) ? laid(before, value) : value];
  });
  return { ...under, ...Object.fromEntries(pairs) };
}

/** An engine of one test: a program that tells of one container; a rule lies over what it tells. */
export async function startContainerTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const over = rules.flatMap(({ reply }) => {
    const value: unknown = JSON.parse(reply);
    return isRecord(value) ? [value] : [];
  });
  const told = JSON.stringify([over.reduce<JsonRecord>(laid, healthy)]);
  const folder = await makeFolder({ "told.json": told });
  const engine = join(folder.path, "engine");
  await writeFile(engine, `#!/bin/sh\ncat "$(dirname "$0")/told.json"\n`);
  await chmod(engine, 0o755);
  return {
    service: { kind: "container", container: "api", engine, limits: { memoryBytes: 536_870_912 } },
    secrets: {},
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
