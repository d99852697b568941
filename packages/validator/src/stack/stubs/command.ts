import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";

/** A script that counts something; a rule says what it counts. */
export async function startCommandTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const count = rules.find(({ when }) => when === "count")?.reply ?? "42";
  const folder = await makeFolder({ ".keep": "" });
  const script = join(folder.path, "count.sh");
  await writeFile(script, `#!/bin/sh\necho ${count}\n`);
  await chmod(script, 0o755);
  const commands = {
    count: { run: [script], min: 40, max: 50 },
    refuses: { run: ["sh", "-c", "exit 3"], exit: 3 },
  };
  return {
    service: { kind: "command", commands },
    secrets: {},
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
