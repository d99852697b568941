import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import { isFound } from "../../packages/testkit/src/parts/part.ts";
import { partsEnvironment } from "../../packages/testkit/src/parts/environment.ts";
import { k6 } from "../../packages/testkit/src/parts/k6.ts";
import { connections } from "./plans.ts";
import { commandCost } from "./wrk.ts";

/** k6 with the same request and check: us of CPU per request; null where there is no k6. */
export async function k6Cost(url: string, durationMs: number): Promise<number | null> {
  const found = await k6.probe(partsEnvironment(process.env));
  if (!isFound(found) || found.path === undefined) return null;
  using folder = makeScratchFolder("loadline-k6-");
  const script = join(folder.path, "script.js");
  writeFileSync(
    script,
    `import http from "k6/http";
import { check } from "k6";
export const options = { vus: ${connections}, duration: "${durationMs}ms" };
export default function () { check(http.get(${JSON.stringify(url)}), { ok: (r) => r.status === 200 }); }
`,
  );
  const command = `'${found.path}' run --no-color --no-usage-report '${script}'`;
  return await commandCost(command, /http_reqs[ .]*:\s*(\d+)/);
}
