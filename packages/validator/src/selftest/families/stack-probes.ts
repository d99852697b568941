import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { VerdictDocument } from "@loadline/contract";
import { parsePlanFile } from "../../plan/load-plan-file.ts";
import { runValidation } from "../../run/run-validation.ts";
import type { StackProbe, StackRule } from "../../stack/probe.ts";
import { edgeSaboteur } from "../../stack/edges.ts";
import { partProbes } from "../../stack/probes/parts.ts";
import { startEdgeTwin } from "../../stack/stubs/edge.ts";
import { startPartsTwin } from "../../stack/stubs/parts.ts";
import type { StartTwin } from "../../stack/stubs/twin.ts";
import { stackProbes } from "../../stack/table.ts";
import type { CaseSeen, SelftestContext, SelftestFamily } from "../case.ts";
import { claimSeen } from "../claim-seen.ts";
import { saboteurOf } from "../registry.ts";
import { stackTwins } from "../stack-twins.ts";

const timeoutMs = 4_000;

/** A check of a kind of service, or of what every kind may declare. */
interface Tried extends Pick<StackProbe, "check" | "summary" | "saboteur"> {
  readonly kind: StackProbe["kind"] | "part" | "edge";
}

interface StackSeen {
  readonly verdict: VerdictDocument;
  readonly evidence: string;
}

/** A whole validation of a stack of one twin, named `it`. */
async function against(
  context: SelftestContext,
  start: StartTwin,
  rules: readonly StackRule[],
): Promise<StackSeen> {
  await using twin = await start(rules);
  const stack = { timeoutMs, ...twin.stack, services: { it: twin.service, ...twin.neighbours } };
  const parsed = parsePlanFile(JSON.stringify({ stack }));
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.problems));
  const secrets = Object.entries(twin.secrets);
  const result = await runValidation(parsed.plan, {
    clock: context.clock,
    random: context.random,
    runsDir: join(context.scratchDir, "stack"),
    toolVersion: "selftest",
    reporters: [],
    onProgress: () => undefined,
    signal: context.signal,
    stackSecrets: new Map(secrets.map(([name, value]) => [`\${env:${name}}`, value])),
  });
  const evidence = readFileSync(join(result.runDir, "evidence.jsonl"), "utf8");
  return { verdict: result.verdict, evidence };
}

/** Checks of a stack's services, each against a twin that breaks its promise alone. */
export const stackProbeFamily: SelftestFamily = {
  id: "stack",
  summary: "checks of a stack's services, against a broken twin and a healthy one",
  cases(context) {
    const twins = new Map<string, Promise<StackSeen>>();
    const startOf = (kind: Tried["kind"]): StartTwin => {
      const start = { ...stackTwins, part: startPartsTwin, edge: startEdgeTwin }[kind];
      if (start === undefined) throw new TypeError(`there is no healthy twin of ${kind}`);
      return start;
    };
    const healthy = (kind: Tried["kind"]): Promise<StackSeen> => {
      const made = twins.get(kind) ?? against(context, startOf(kind), []);
      twins.set(kind, made);
      return made;
    };
    const parts = partProbes.map((probe): Tried => ({ ...probe, kind: "part" }));
    const edge: Tried = {
      kind: "edge",
      check: "cache",
      summary: "data crosses to a neighbour",
      saboteur: edgeSaboteur,
    };
    return [...stackProbes, ...parts, edge].map(({ kind, check, summary, saboteur }: Tried) => {
      const id = `stack.${kind}.${check}`;
      const rules = saboteurOf(id, saboteur);
      const claim = kind === "edge" ? `stack.edge.it.${check}` : `stack.it.${check}`;
      const seenOf = ({ verdict, evidence }: StackSeen): CaseSeen =>
        claimSeen(verdict, claim, evidence);
      return {
        id,
        summary: `${kind}: ${summary}`,
        caught: "failed false",
        sabotaged: async () => seenOf(await against(context, startOf(kind), rules)),
        clean: async () => seenOf(await healthy(kind)),
      };
    });
  },
};
