import type { Claim } from "@loadline/contract";
import type { StackItem } from "./claims.ts";
import { findIn } from "./edge-finders.ts";
import { edgeGap } from "./edge-gaps.ts";
import { sendThrough } from "./edge-senders.ts";
import { ranStatement, timeAt } from "./edge-statement.ts";
import type { StackEdge, StackManifest } from "./manifest.ts";
import type { StackContext, StackProbe, StackRule, StackSeen } from "./probe.ts";
import type { StackService } from "./services/index.ts";
import { stackProbes } from "./table.ts";
import { LacksFeature } from "./wire/fault.ts";
import { inTurn } from "./wire/in-turn.ts";

/** The checks without which an edge can tell nothing: both ends let us in, or answer. */
function needsOf(stack: StackManifest, edge: StackEdge): string[] {
  return [edge.from, edge.to].flatMap((name) => {
    const kind = stack.services[name]?.kind ?? "";
    const checks = stackProbes.filter((probe) => probe.kind === kind).map(({ check }) => check);
    const need = ["login", "answers"].find((check) => checks.includes(check));
    return need === undefined ? [] : [`${name}.${need}`];
  });
}

function contextOf(context: StackContext, name: string): StackContext {
  const service = context.stack.services[name];
  if (service === undefined) throw new Error(`there is no service ${name}`);
  return { ...context, name, service };
}

async function cross(context: StackContext, edge: StackEdge): Promise<readonly StackSeen[]> {
  // Before anything is sent: what the plan says cannot be told is not tried.
  const gap = edgeGap(context.stack, edge);
  if (gap !== null) throw new LacksFeature(`Nothing of this edge can be told: ${gap}.`);
  const from = contextOf(context, edge.from);
  const to = contextOf(context, edge.to);
  const crossed = `${context.mark}_${edge.from}_${edge.to}`;
  const before = await findIn(to, edge, { mark: crossed, bytes: null });
  if (before !== null && before.ok) {
    const seen = `Found before anything was sent: ${before.seen}`;
    return [{ ok: false, seen, reproduce: before.reproduce }];
  }
  const since = await timeAt(to, edge);
  return await sendThrough(from, edge, crossed, async (sent) => {
    const found = await findIn(to, edge, sent);
    if (found === null) {
      const pair = `${from.service.kind} -> ${to.service.kind}`;
      throw new LacksFeature(`No data of this check can be found for ${pair}; give \`find\`.`);
    }
    const ran = found.ok && since !== null ? await ranStatement(to, edge, since) : null;
    const all = ran === null ? found : { ...ran, seen: `${found.seen} ${ran.seen}` };
    // To look alone finds what this run sent, and tells nothing of what is sent now.
    const looks = ran === null ? [found.reproduce] : [found.reproduce, ran.reproduce];
    const reproduce = sent.again === null ? context.again : inTurn(sent.again, ...looks);
    return [{ ...all, seen: `${sent.said} ${all.seen}`, reproduce }];
  });
}

/** Both ends answer, and what one is sent never reaches the other. */
export const edgeSaboteur: readonly StackRule[] = [{ when: "forget", reply: "" }];

function edgeProbe(stack: StackManifest, edge: StackEdge): StackProbe {
  const kind: StackService["kind"] = stack.services[edge.from]?.kind ?? "http";
  return {
    check: edge.to,
    kind,
    summary: `data crosses to ${edge.to}`,
    needs: needsOf(stack, edge),
    checklist: ["R1-18", "R1-19", "R1-20"],
    severity: "critical",
    claim: () => null,
    saboteur: edgeSaboteur,
    run: (context) => cross(context, edge),
  };
}

/** One claim per declared edge: what was sent into one end is found at the other. */
export function edgeItems(stack: StackManifest, confidence: number): StackItem[] {
  return stack.edges.map((edge) => {
    const probe = edgeProbe(stack, edge);
    const id = `stack.edge.${edge.from}.${edge.to}`;
    const claim: Claim = {
      id,
      statement: `${edge.from} -> ${edge.to}: what is sent into ${edge.from} is found in ${edge.to}`,
      category: "Architecture & Design",
      rationale: "Two healthy services that do not reach each other are no system.",
      kind: "predicate",
      of: id,
      parts: ["all"],
      confidence,
      required: edge.required,
      checklist: probe.checklist,
    };
    return { name: edge.from, probe, claim };
  });
}
