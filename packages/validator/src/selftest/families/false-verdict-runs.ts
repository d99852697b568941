import { formatFigure, parsePlan, type VerdictDocument } from "@loadline/contract";
import { claimSeen } from "../claim-seen.ts";
import { cleanRules } from "../clean-stub.ts";
import {
  type CaseSeen,
  once,
  type SelftestCase,
  type SelftestContext,
  type SelftestFamily,
} from "../case.ts";
import { saboteurOf } from "../registry.ts";
import { startStub } from "../stub-server.ts";
import { type StubRun, validateAddress, validateStub } from "./target-probes.ts";

const passed = (seen: string): Promise<CaseSeen> =>
  Promise.resolve({ word: "passed", blamed: [], seen });
const refused = (word: string, seen: string): Promise<CaseSeen> =>
  Promise.resolve({ word, blamed: [], seen });

/** Registers a check the way a family does; what the registry says to it. */
function register(saboteur: readonly string[]): Promise<CaseSeen> {
  try {
    saboteurOf("made.check", saboteur);
    return passed("It is registered.");
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    return refused(String(code), text);
  }
}

/** A claim with a quantity, as a plan writes it. */
function planned(limit: unknown): Promise<CaseSeen> {
  const claim = { id: "rto", kind: "bound", of: "drill.restore", limit };
  const text = { statement: "it is back within 2 s", rationale: "a promise to users" };
  const rest = { category: "Disaster Recovery", required: true };
  const value = {
    target: { baseUrl: "http://127.0.0.1:9" },
    claims: [{ ...claim, ...text, ...rest }],
  };
  const read = parsePlan(value);
  const [first] = read.ok ? [] : read.problems;
  return first === undefined ? passed("It is read.") : refused(first.code, first.message);
}

/** Of a target that is not there nothing passes; every claim that does is blamed. */
function deadSeen(verdict: VerdictDocument): CaseSeen {
  const healthy = verdict.claims.filter((claim) => claim.verdict === "passed");
  return { ...claimSeen(verdict, "http.alive"), blamed: healthy.map(({ id }) => id) };
}

/** Two runs of one target, the second by the same plan or a weakened one; what it says of the first. */
async function rerun(context: SelftestContext, weakened?: string): Promise<CaseSeen> {
  await using stub = await startStub(cleanRules);
  const folder = weakened === undefined ? "again" : "weakened";
  await validateAddress(context, stub.baseUrl, { folder });
  const more = weakened === undefined ? {} : { weakened };
  const { verdict, evidence } = await validateAddress(context, stub.baseUrl, { folder, ...more });
  const listed = /"earlier":\[\{[^}]*"planDigest":"([0-9a-f]{64})"/.exec(evidence)?.[1];
  const isSame = listed === verdict.planDigest;
  const word = listed === undefined ? "not listed" : isSame ? "passed" : "listed as changed";
  return { word, blamed: [], seen: `The earlier run had the plan ${listed ?? "unknown"}.` };
}

/** A finding says what was seen and how to see it again, and names no cause nobody observed. */
function findingSeen({ verdict, evidence }: StubRun): CaseSeen {
  const findings = evidence.split("\n").filter((line) => line.includes('"kind":"finding"'));
  const bare = findings.filter((line) => !line.includes('"reproduce"') || !line.includes('"raw"'));
  const causes = findings.filter((line) => line.includes('"cause"'));
  const word = findings.length === 0 ? "passed" : "finding without cause";
  const blamed = [...(bare.length > 0 ? ["bare"] : []), ...(causes.length > 0 ? ["cause"] : [])];
  return { word, blamed, seen: `${findings.length} findings, ${verdict.outcome}` };
}

/** How an absent figure prints. */
function figureSeen(value: number | null): Promise<CaseSeen> {
  const text = formatFigure({ value, unit: "ms", provenance: "measured", refs: [] });
  return /\d/.test(text) ? passed(text) : refused("not a number", text);
}

const laterStages =
  "No stage of this build injects faults or restores, so none of its own can be sabotaged.";
const later = (id: string, summary: string, caught: string): SelftestCase => ({
  id: `evidence.${id}`,
  summary,
  caught,
  absent: laterStages,
  sabotaged: () => Promise.reject(new TypeError(laterStages)),
  clean: () => Promise.reject(new TypeError(laterStages)),
});

/** The stages of these are not built; what their records must look like is shown on logs alone. */
const laterCases: readonly SelftestCase[] = [
  later("V10c", "a driver that reports a fault and does nothing", "inconclusive effect_unverified"),
  later("V11c", "a prober that begins after a sleep", "error evidence"),
  later("V12c", "a drill that leaves its source alive", "not_tested not_run"),
  later("V13c", "a drill that reads the source twice", "error evidence"),
];

/** The patterns of false verdicts that need a run, a plan or the registry to show. */
export const falseVerdictRunFamily: SelftestFamily = {
  id: "evidence-runs",
  summary: "false verdicts that need a run, V1 to V21",
  cases(context) {
    const clean = once(() => validateStub(context, cleanRules));
    const dead = async (): Promise<CaseSeen> => {
      const stub = await startStub([]);
      await stub.close();
      return deadSeen((await validateAddress(context, stub.baseUrl)).verdict);
    };
    const sick = [{ when: { path: "/v1/models" }, status: 500, text: "no" }, ...cleanRules];
    const lacking = [
      { when: { path: "/v1/chat/completions" }, status: 404, text: "no route" },
      ...cleanRules,
    ];
    return [
      {
        id: "evidence.V2",
        summary: "a check that cannot fail",
        caught: "LL_SELFTEST_NO_SABOTEUR",
        sabotaged: () => register([]),
        clean: () => register(["a rule"]),
      },
      {
        id: "evidence.V6",
        summary: "a test weakened until it is green",
        caught: "listed as changed",
        sabotaged: () => rerun(context, "openai.models"),
        clean: () => rerun(context),
      },
      {
        id: "evidence.V7",
        summary: "a target that is down scored as healthy",
        caught: "failed false",
        sabotaged: dead,
        clean: async () => claimSeen((await clean()).verdict, "http.alive"),
      },
      {
        id: "evidence.V14",
        summary: "a quantity without its unit",
        caught: "LL_PLAN_UNIT",
        sabotaged: () => planned(2),
        clean: () => planned("2 s"),
      },
      {
        id: "evidence.V18",
        summary: "a diagnosis nobody observed",
        caught: "finding without cause",
        sabotaged: async () => findingSeen(await validateStub(context, sick)),
        clean: async () => findingSeen(await clean()),
      },
      {
        id: "evidence.V19",
        summary: "a route the target lacks blamed on the target",
        caught: "error probe_contract",
        sabotaged: async () => {
          const { verdict } = await validateStub(context, lacking);
          const failed = verdict.claims.filter((claim) => claim.verdict === "failed");
          return { ...claimSeen(verdict, "openai.chat"), blamed: failed.map(({ id }) => id) };
        },
        clean: async () => claimSeen((await clean()).verdict, "openai.chat"),
      },
      {
        id: "evidence.V21",
        summary: "an absent figure typed in as a number",
        caught: "not a number",
        sabotaged: () => figureSeen(null),
        clean: () => figureSeen(12),
      },
      ...laterCases,
    ];
  },
};
