import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

const commit = "5e".repeat(20);

const healthy = {
  Image: "sha256:of-the-twin",
  RestartCount: 0,
  State: { Status: "running", ExitCode: 0, OOMKilled: false, Health: { Status: "healthy" } },
  Config: { User: "10001", Labels: { "org.opencontainers.image.revision": commit } },
  HostConfig: {
    Privileged: false,
    CapAdd: [],
    ReadonlyRootfs: true,
    Memory: 268_435_456,
    PidsLimit: 128,
  },
  Mounts: [
    { Type: "volume", Name: "api-data", Source: "/v/api-data", Destination: "/data", RW: true },
  ],
};

/** Tells of the container, and keeps what is copied into it; `forget` loses it with a restart. */
const program = `#!/bin/sh
here="$(dirname "$0")"
inner() { echo "$here/kept/$(echo "$1" | sed 's/.*://; s,/,_,g')"; }
case "$1" in
  cp) case "$2" in *:*) cp "$(inner "$2")" "$3" ;; *) cp "$2" "$(inner "$3")" ;; esac ;;
  restart) if [ -e "$here/forget" ]; then rm -f "$here"/kept/*; fi ;;
  exec) shift 4; for one in "$@"; do rm -f "$(inner "$one")"; done ;;
  *) cat "$here/told.json" ;;
esac
`;

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
  const over = rules.flatMap(({ when, reply }) => {
    const value: unknown = when === "inspect" ? JSON.parse(reply) : null;
    return isRecord(value) ? [value] : [];
  });
  const forgets = rules.some(({ when }) => when === "restart");
  const told = JSON.stringify([over.reduce<JsonRecord>(laid, healthy)]);
  const folder = await makeFolder({
    "told.json": told,
    "kept/.keep": "",
    ...(forgets ? { forget: "" } : {}),
  });
  const engine = join(folder.path, "engine");
  await writeFile(engine, program);
  await chmod(engine, 0o755);
  const inside = await startWebStub([], [{ when: "GET /health", answer: jsonReply({ commit }) }]);
  return {
    service: {
      kind: "container",
      container: "api",
      engine,
      limits: { memoryBytes: 536_870_912 },
      volumes: ["/data"],
      restartable: true,
      commitAt: `${inside.url}/health`,
    },
    secrets: {},
    async [Symbol.asyncDispose]() {
      await inside[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
