import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";

/** Tells of the containers of one project, and of what each wrote on both streams. */
const program = `#!/bin/sh
here="$(dirname "$0")"
case "$1" in
  ps) case "$*" in *project=shop*) cat "$here/ids" ;; esac ;;
  inspect) cat "$here/told.json" ;;
  logs) cat "$here/out/$4"; cat "$here/err/$4" >&2 ;;
esac
`;

function container(service: string, state: JsonRecord): JsonRecord {
  return {
    Id: service,
    Name: `/shop-${service}-1`,
    State: state,
    Config: {
      Labels: { "com.docker.compose.project": "shop", "com.docker.compose.service": service },
    },
  };
}

const up = { Status: "running", ExitCode: 0, Health: { Status: "healthy" } };
const healthy: Readonly<Record<string, JsonRecord>> = {
  api: up,
  db: up,
  migrate: { Status: "exited", ExitCode: 0 },
};

/** An engine of one test with a project of three services; a rule changes what it tells of one. */
export async function startComposeTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const replyOf = (when: string): string | undefined =>
    rules.find((rule) => rule.when === when)?.reply;
  const told = Object.entries(healthy).flatMap(([name, state]) => {
    const reply = replyOf(`inspect ${name}`);
    if (reply === "") return [];
    const over: unknown = JSON.parse(reply ?? "{}");
    const own = isRecord(over) && isRecord(over["State"]) ? over["State"] : {};
    return [container(name, { ...state, ...own })];
  });
  const out = Object.keys(healthy).map((name): [string, string] => [
    `out/${name}`,
    `${replyOf(`logs ${name}`) ?? '{"level":"info","msg":"started"}'}\n`,
  ]);
  const err = Object.keys(healthy).map((name): [string, string] => [
    `err/${name}`,
    `${replyOf(`errors ${name}`) ?? ""}\n`,
  ]);
  const folder = await makeFolder({
    ids: `${told.map((one) => String(one["Id"])).join("\n")}\n`,
    "told.json": JSON.stringify(told),
    ...Object.fromEntries([...out, ...err]),
  });
  const engine = join(folder.path, "engine");
  await writeFile(engine, program);
  await chmod(engine, 0o755);
  return {
    service: {
      kind: "compose",
      project: "shop",
      services: ["api", "db", "migrate"],
      completed: ["migrate"],
      engine,
    },
    secrets: {},
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
