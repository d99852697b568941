import { type Claim, startMiniRun, type VerdictDocument } from "@loadline/contract";
import { sha256 } from "../../evidence/sha256.ts";
import type { LoadLimit } from "../../load/index.ts";
import { loadSchema } from "../../plan/manifest.ts";
import { quickPlan } from "../../plan/build-plan.ts";
import { readStages } from "../../plan/stages.ts";
import { buildLoadPlan } from "../../run/load-plan.ts";
import { recordLoad } from "../../run/load-stage.ts";
import { loadedKinds } from "../../service-load/loaded.ts";
import { serviceLoad } from "../../service-load/service-load.ts";
import { stackSchema } from "../../stack/manifest.ts";
import { type CaseSeen, once, type SelftestCase, type SelftestFamily } from "../case.ts";
import { claimSeen } from "../claim-seen.ts";
import { healthyTarget, impliedBy, limitSaboteur } from "../limit-saboteurs.ts";
import { saboteurOf } from "../registry.ts";
import { memoryWriter, playLoad, type SimulatedTarget, simulateLoad } from "../simulated-load.ts";

/** One part of the stage: what it claims, what it counts for that, and a run of it. */
interface Loaded {
  readonly claims: readonly Claim[];
  readonly limits: readonly LoadLimit[];
  play(target: SimulatedTarget): VerdictDocument;
}

const baseUrl = "http://127.0.0.1:9/v1";
const confidence = 0.95;

/** One service of every kind that has a load client. */
const services: Readonly<Record<(typeof loadedKinds)[number], object>> = {
  rag: { url: "http://127.0.0.1:9", tenants: ["one", "two"] },
  mcp: { url: "http://127.0.0.1:9/mcp", call: { tool: "search", arguments: {} } },
  websocket: { url: "ws://127.0.0.1:9/ws", rooms: { members: 3 } },
};

/** The chat of the target, as the plan of `validate --target` loads it. */
function chatLoaded(): Loaded {
  const plan = quickPlan({ baseUrl });
  const load = buildLoadPlan(readStages(plan), { baseUrl, model: "m", confidence });
  const claims = plan.claims.filter(({ of }) => of.startsWith("load."));
  return {
    claims,
    limits: load.limits,
    play(target) {
      const run = startMiniRun(claims, { digest: sha256 });
      const context = { recorder: memoryWriter(run), progress: () => undefined };
      playLoad(load, target, (record) => recordLoad(context, record));
      run.end();
      return run.fold();
    },
  };
}

function serviceLoaded(kind: (typeof loadedKinds)[number]): Loaded {
  const stack = stackSchema.parse({ services: { [kind]: { kind, ...services[kind] } } });
  const load = loadSchema.parse({});
  const made = serviceLoad(stack, kind, { load, confidence, secret: () => "" });
  const job = made?.job ?? null;
  if (made === null || job === null) throw new TypeError(`no load of ${kind} can be made`);
  return {
    claims: made.claims,
    limits: job.load.limits,
    play: (target) => simulateLoad(job, target),
  };
}

/** Claims that fail with the broken one by what they mean are not blamed. */
function seenOf(loaded: Loaded, broken: LoadLimit, verdict: VerdictDocument): CaseSeen {
  const seen = claimSeen(verdict, broken.claim);
  const isImplied = (id: string): boolean =>
    loaded.limits.some((other) => other.claim === id && impliedBy(broken, other));
  return { ...seen, blamed: seen.blamed.filter((id) => !isImplied(id)) };
}

function casesOf(loaded: Loaded): SelftestCase[] {
  const base = healthyTarget(loaded.limits);
  const healthy = once(() => Promise.resolve(loaded.play(base)));
  return loaded.claims.map((claim): SelftestCase => {
    const limit = loaded.limits.find((one) => one.claim === claim.id);
    const broken = limit === undefined ? null : limitSaboteur(limit, claim, base);
    saboteurOf(claim.id, broken ?? "");
    const play = (): VerdictDocument => loaded.play(broken ?? base);
    return {
      id: claim.id,
      summary: claim.statement,
      caught: claim.kind === "predicate" ? "failed false" : "failed limit",
      sabotaged: () =>
        Promise.resolve(
          limit === undefined ? claimSeen(play(), claim.id) : seenOf(loaded, limit, play()),
        ),
      clean: async () => claimSeen(await healthy(), claim.id),
    };
  });
}

/** What the stage load claims of the target's chat and of services, each broken alone. */
export const loadStageFamily: SelftestFamily = {
  id: "load",
  summary: "claims of the stage load, each on a simulated target that breaks it",
  cases: () => [chatLoaded(), ...loadedKinds.map(serviceLoaded)].flatMap(casesOf),
};
