import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { VerdictDocument } from "@loadline/contract";
import { parsePlanFile } from "../../plan/load-plan-file.ts";
import type { StubRule } from "../../probes/probe.ts";
import { probes } from "../../probes/table.ts";
import { runValidation } from "../../run/run-validation.ts";
import { type CaseSeen, once, type SelftestContext, type SelftestFamily } from "../case.ts";
import { cleanRules, stubKey } from "../clean-stub.ts";
import { saboteurOf } from "../registry.ts";
import { startStub } from "../stub-server.ts";
import { claimSeen } from "../claim-seen.ts";

/** A validation of one stub, as its bundle holds it. */
export interface StubRun {
  readonly verdict: VerdictDocument;
  /** `evidence.jsonl` */
  readonly evidence: string;
}

/** A whole validation of a stub on loopback, probes only: stage, evidence and fold as they ship. */
export async function validateStub(
  context: SelftestContext,
  rules: readonly StubRule[],
): Promise<StubRun> {
  await using stub = await startStub(rules);
  return await validateAddress(context, stub.baseUrl);
}

/** The same of any address; `weakened` leaves that claim out of the plan. */
export async function validateAddress(
  context: SelftestContext,
  url: string,
  o: { readonly weakened?: string; readonly folder?: string } = {},
): Promise<StubRun> {
  const target = { url, auth: "bearer", bodyBytesMax: 128 * 1024, healthPath: "/healthz" };
  const parsed = parsePlanFile(JSON.stringify({ target, skip: ["load"] }));
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.problems));
  const claims = parsed.plan.claims.filter(
    ({ id, of }) => of.startsWith("probe.") && id !== o.weakened,
  );
  const result = await runValidation(
    { ...parsed.plan, claims },
    {
      clock: context.clock,
      random: context.random,
      runsDir: join(context.scratchDir, o.folder ?? "probes"),
      toolVersion: "selftest",
      apiKey: stubKey,
      reporters: [],
      onProgress: () => undefined,
      signal: context.signal,
    },
  );
  const evidence = readFileSync(join(result.runDir, "evidence.jsonl"), "utf8");
  return { verdict: result.verdict, evidence };
}

/** Probes of an OpenAI-shaped target, each against a stub that breaks its promise alone. */
export const targetProbeFamily: SelftestFamily = {
  id: "probe",
  summary: "probes of a target, against a lying server and its healthy twin",
  cases(context) {
    const against = async (rules: readonly StubRule[], id: string): Promise<CaseSeen> => {
      const { verdict, evidence } = await validateStub(context, rules);
      return claimSeen(verdict, id, evidence);
    };
    const twin = once(() => validateStub(context, cleanRules));
    return probes.map((probe) => {
      const rules = saboteurOf(`probe.${probe.id}`, probe.saboteur);
      return {
        id: `probe.${probe.id}`,
        summary: probe.summary,
        caught: "failed false",
        sabotaged: () => against([...rules, ...cleanRules], probe.id),
        clean: async () => claimSeen((await twin()).verdict, probe.id),
      };
    });
  },
};
