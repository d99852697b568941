/** Loads beside the steady one, of a target's chat or a route of the stack: users held in turn, and a soak. */
import type { Claim } from "@loadline/contract";
import { hostOf, parseHttpUrl } from "@loadline/kit/egress";
import {
  bindJob,
  type BoundJob,
  growthClaims,
  jobMinutes,
  type LoadJob,
  memoryOf,
} from "../load/index.ts";
import type { LoadManifest } from "../plan/manifest.ts";
import { percent } from "../service-load/service-claim.ts";
import { endOf, type LoadEnd, type LoadEnds } from "./end.ts";
import { type TargetLoadName, targetLoadNames } from "./names.ts";

/** One of them: what is sent, and the claims it decides. */
export interface TargetLoad {
  readonly name: TargetLoadName;
  readonly job: BoundJob;
  readonly claims: readonly Claim[];
  /** Samples of each stream; of a ladder as many as answers of 500 ms bring. */
  readonly samples: Readonly<Record<string, number>>;
  readonly plannedMs: number;
}

/** What they are made of. */
export interface TargetLoadTerms {
  readonly load: LoadManifest;
  readonly end: LoadEnd;
  readonly confidence: number;
}

/** Those a plan asks for, in the order they are sent. */
export const wantedLoads = (load: LoadManifest): readonly TargetLoadName[] =>
  targetLoadNames.filter((name) => load[name] !== undefined);

type Words = Pick<Claim, "statement" | "rationale" | "checklist">;

/** Traffic and thresholds of one of them. */
interface Shape {
  readonly scenario: LoadJob["load"]["scenarios"][string];
  readonly thresholds: LoadJob["thresholds"];
  readonly extra: Pick<LoadJob, "ladder" | "observe">;
  /** By stream: what is claimed of it, and how many samples it has where each hold is `heldMs` long. */
  readonly claims: Readonly<Record<string, Words & { samples(heldMs: number): number }>>;
  /** Rests before and after it, ms. */
  readonly aroundMs: number;
}

/** Plans of closed models assume answers of this length, ms. */
const answerMs = 500;
/** Of a hold; users change in the rest. */
const countedShare = 0.9;
/** The target's memory is sampled before and after, too. */
const soakAroundMs = 4_000;

const successOf = (load: LoadManifest, name: string) => ({
  [`errors{scenario:${name}}`]: [
    { threshold: `rate<${percent(1 - load.success)}`, id: `${name}.success` },
  ],
});

function ladderShape({ load, end }: TargetLoadTerms): Shape | null {
  if (load.ladder === undefined) return null;
  const { holdSeconds, rounds } = load.ladder;
  const users = [...new Set([1, ...load.ladder.users])].toSorted((a, b) => a - b);
  const most = users.at(-1) ?? 1;
  const held = `${users.join(", ")} users in turn, ${rounds} times ${holdSeconds} s each or more`;
  const sum = users.reduce((all, one) => all + one, 0);
  const holdMs = holdSeconds * 1_000;
  return {
    scenario: {
      executor: "ladder",
      users,
      holdMs,
      holdBy: "claims",
      rounds,
      request: end.request,
    },
    thresholds: successOf(load, "ladder"),
    extra: {
      ladder: [
        { id: "ladder.speed_up", scenario: "ladder", users: most, of: "speedUp", atLeast: 1 },
      ],
    },
    claims: {
      "load.ladder.success": {
        statement: `${end.what} success >= ${load.success * 100} % of due requests, ${held}`,
        rationale: "What answers one user and refuses twenty serves one user.",
        checklist: ["R1-24"],
        samples: (heldMs) => Math.floor((sum * rounds * heldMs * countedShare) / answerMs),
      },
      "load.ladder.speed_up": {
        statement: `${end.what} of ${most} users at once brings no less than that of one alone, ${held}`,
        rationale: "More users have to bring more work done, or the target is at its end.",
        checklist: ["R1-23", "R1-24"],
        samples: () => 1,
      },
    },
    aroundMs: 0,
  };
}

function soakShape({ load, end }: TargetLoadTerms): Shape | null {
  if (load.soak === undefined) return null;
  const { minutes, share } = load.soak;
  const rate = Number((load.ratePerSecond * share).toPrecision(6));
  const durationMs = minutes * 60_000;
  const samples = Math.floor((rate * durationMs) / 1_000);
  const window = `at ${rate}/s for ${minutes} min`;
  return {
    scenario: {
      executor: "constant-arrival-rate",
      rate,
      durationMs,
      arrivals: "poisson",
      request: end.request,
    },
    thresholds: {
      ...successOf(load, "soak"),
      "response_time{scenario:soak}": [{ threshold: `p(99)<${load.p99Ms}ms`, id: "soak.p99" }],
    },
    extra: { observe: memoryOf(load.soak, new URL(end.target.baseUrl).origin) },
    claims: {
      "load.soak.success": {
        statement: `${end.what} success >= ${load.success * 100} % of due requests ${window}`,
        rationale: "What fails after ten minutes passed every short test.",
        checklist: ["R1-29"],
        samples: () => samples,
      },
      "load.soak.p99": {
        statement: `${end.what} response time p99 < ${load.p99Ms} ms ${window}, failures counted as over`,
        rationale: "A target that slows down shows it only with time.",
        checklist: ["R1-29"],
        samples: () => samples,
      },
    },
    aroundMs: soakAroundMs,
  };
}

const shapes: Readonly<Record<TargetLoadName, (terms: TargetLoadTerms) => Shape | null>> = {
  ladder: ladderShape,
  soak: soakShape,
};

/** The load of that name with its claims; null where the plan asks for none. */
export function targetLoad(name: TargetLoadName, terms: TargetLoadTerms): TargetLoad | null {
  const shape = shapes[name](terms);
  if (shape === null) return null;
  const { target } = terms.end;
  const job: LoadJob = {
    profile: name,
    name,
    load: {
      target: { ...target, allowHosts: [hostOf(parseHttpUrl(target.baseUrl))] },
      seed: terms.load.seed,
      scenarios: { [name]: shape.scenario },
      limits: [],
    },
    thresholds: shape.thresholds,
    confidence: terms.confidence,
    waive: [],
    explore: false,
    ...shape.extra,
  };
  const made = bindJob(job);
  const bound = made.bound.flatMap((one) => {
    const words = shape.claims[one.claim.of];
    if (words === undefined) return [];
    const { samples: _samples, ...said } = words;
    const claim: Claim = { ...one.claim, id: one.claim.of, ...said };
    return [{ ...one, claim, limits: one.limits.map((limit) => ({ ...limit, claim: claim.id })) }];
  });
  const growth = growthClaims(job.observe ?? []);
  const [held] = Object.values(made.job.load.scenarios);
  const heldMs = held?.executor === "ladder" ? held.holdMs : 0;
  const counted = Object.entries(shape.claims).map(([stream, one]) => [
    stream,
    one.samples(heldMs),
  ]);
  return {
    name,
    job: {
      ...made,
      bound,
      load: { ...made.load, limits: bound.flatMap(({ limits }) => limits) },
    },
    claims: [...bound.map(({ claim }) => claim), ...growth],
    samples: Object.fromEntries([...counted, ...growth.map(({ of }) => [of, 1])]),
    plannedMs: jobMinutes(made.job) * 60_000 + shape.aroundMs,
  };
}

/** Those a plan asks for, before any secret is known. */
export function targetLoads(o: LoadEnds & { readonly confidence: number }): readonly TargetLoad[] {
  const { load, confidence } = o;
  return wantedLoads(load)
    .map((name) => {
      const end = endOf(name, o, { secret: () => "" });
      return end === null ? null : targetLoad(name, { load, end, confidence });
    })
    .filter((one) => one !== null);
}
