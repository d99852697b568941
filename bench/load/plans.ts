import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import { type LoadPlan, readLoadFile } from "../../packages/validator/src/load/index.ts";

export const connections = 64;

const modulePlan = `export async function s(vu) {
  const answer = await vu.http.get("/");
  vu.check(answer, { ok: (a) => a.status === 200 });
}
`;

function planText(baseUrl: string, durationMs: number, exec: string): string {
  return `load:
  target: { baseUrl: "${baseUrl}" }
  workers: 1
  scenarios:
    s: { executor: constant-vus, vus: ${connections}, duration: ${durationMs}ms, ${exec} }
`;
}

/** The same request and check as steps of a plan, or as a function of a module. */
export async function scriptedPlan(
  kind: "steps" | "module",
  baseUrl: string,
  durationMs: number,
): Promise<LoadPlan> {
  // A module is imported by the run: its folder goes with the process.
  const folder = makeScratchFolder("loadline-bench-").path;
  writeFileSync(join(folder, "s.ts"), modulePlan);
  const exec =
    kind === "steps"
      ? "steps: [{ name: get, http: / }, { check: { name: up, status: 200 } }]"
      : 'exec: "./s.ts#s"';
  const file = join(folder, "plan.yaml");
  writeFileSync(file, planText(baseUrl, durationMs, exec));
  const { plan } = await readLoadFile(file, { env: () => undefined });
  return plan;
}
