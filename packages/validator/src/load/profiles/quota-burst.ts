import { seededRandom } from "@loadline/kit/random";
import type { RampingArrivalScenario } from "../scenario-types.ts";
import { arrivalChunks, scenarioSeed } from "../schedule/arrivals.ts";
import { admittedBy, perSecond } from "../schedule/limiter.ts";
import type { ProfileManifest } from "./manifest.ts";
import { chat } from "./parts.ts";
import type { BlocksClaim, LoadProfile, MadeProfile, UndecidedClaim } from "./profile.ts";

/** Each triple is one loud block and two quiet ones, in an order of its own. */
const triples = 20;
const blocks = triples * 3;
const blockMsDefault = 10_000;
/** Requests per second of the declared limit, where neither the manifest nor `--rate` says so. */
const limitDefault = 10;
const burstFactor = 3;
const otherShare = 0.1;
const refusedShare = 0.5;
const tolerance = 0.01;
const worseShare = 0.05;

function undecided(id: string, statement: string, sentence: string): UndecidedClaim {
  return { id, statement, reason: "capability_missing", sentence };
}

/** Which block of each triple is loud, from the seed. */
function loudBlocks(seed: number): number[] {
  const random = seededRandom(seed ^ 0x71b0a5);
  return Array.from({ length: triples }, (_, at) => at * 3 + random.below(3));
}

type Part = Pick<MadeProfile, "scenarios" | "thresholds" | "undecided"> & Partial<MadeProfile>;

/** What the manifest's limiter admits of the bursts; without one nothing can be compared. */
function admitted(m: ProfileManifest, burst: RampingArrivalScenario, seed: number): Part {
  const refused = `errors{scenario:burst,class:status_429}`;
  const refusal = { [refused]: [{ threshold: "rate>=50%", id: "burst.refused" }] };
  if (m.limiter === undefined) {
    const text = "Admitted within 1 % of the declared limiter on the same schedule";
    const why = "The manifest declares no limiter to simulate.";
    const open = [undecided("burst.admitted", text, why)];
    return { scenarios: {}, thresholds: refusal, undecided: open };
  }
  const { limiter } = m;
  const atMs = [...arrivalChunks(burst, scenarioSeed(seed, "burst"))].flatMap((chunk) => [
    ...chunk,
  ]);
  const share = 1 - admittedBy(limiter, atMs).most / Math.max(1, atMs.length);
  const limiters = [{ id: "burst.admitted", scenario: "burst", limiter, tolerance }];
  if (share > refusedShare) {
    return { scenarios: {}, thresholds: refusal, undecided: [], limiters };
  }
  const text = "At least half of the bursts are refused with 429";
  const why = `The declared limiter refuses ${Math.round(share * 100)} % of them itself; a longer --duration makes longer bursts.`;
  const open = [undecided("burst.refused", text, why)];
  return { scenarios: {}, thresholds: {}, undecided: open, limiters };
}

/** The second key, steady beside the bursts. */
function otherKey(
  m: ProfileManifest,
  o: { readonly limit: number; readonly blockMs: number; readonly loud: readonly number[] },
): Part {
  const no429 = "The second key gets no 429";
  const p99 = "The second key's p99 is within 5 % of itself while the first key bursts";
  if (m.otherKey === undefined) {
    const why = "The manifest names no second key.";
    const open = [undecided("other_key.no_429", no429, why), undecided("other_key.p99", p99, why)];
    return { scenarios: {}, thresholds: {}, undecided: open };
  }
  const { keyEnv, limit = o.limit } = m.otherKey;
  const { blockMs, loud } = o;
  const compared: BlocksClaim = {
    id: "other_key.p99",
    statement: `${p99}, over ${triples} shuffled triples of blocks`,
    scenario: "steady",
    share: worseShare,
    triples: loud.map((b, at) => {
      const [a = 0, again = 0] = [0, 1, 2].map((i) => at * 3 + i).filter((i) => i !== b);
      // Which of the two quiet ones comes first must not tell them apart.
      return at % 2 === 0 ? [a, again, b] : [again, a, b];
    }),
  };
  return {
    scenarios: {
      steady: {
        executor: "constant-arrival-rate",
        rate: Number((limit * otherShare).toPrecision(6)),
        durationMs: blockMs * blocks,
        blockMs,
        key: "other",
        request: chat(m),
      },
    },
    thresholds: {
      "errors{scenario:steady,class:status_429}": [
        { threshold: "rate==0", id: "other_key.no_429" },
      ],
    },
    undecided: [],
    blocks: [compared],
    keyEnvs: { other: keyEnv },
  };
}

export const quotaBurst: LoadProfile = {
  id: "quota-burst",
  summary: "key A at three times its limit in shuffled blocks, key B steady at a tenth of its own",
  checklist: [],
  takes: ["rate", "durationMs"],
  make(manifest, { rate, durationMs = blocks * blockMsDefault }, { seed }) {
    const declared = manifest.limiter === undefined ? limitDefault : perSecond(manifest.limiter);
    const limit = rate ?? declared;
    const blockMs = durationMs / blocks;
    const loud = loudBlocks(seed);
    const burst: RampingArrivalScenario = {
      executor: "ramping-arrival-rate",
      stages: Array.from({ length: blocks }, (_, at) => ({
        durationMs: blockMs,
        target: loud.includes(at) ? limit * burstFactor : 0,
        step: true,
      })),
      request: chat(manifest),
    };
    const first = admitted(manifest, burst, seed);
    const second = otherKey(manifest, { limit, blockMs, loud });
    const { limiters } = first;
    const { blocks: compared, keyEnvs } = second;
    return {
      scenarios: { burst, ...second.scenarios },
      // Of three in a burst two are over the limit: refusals are no failure, all else is.
      thresholds: {
        ...first.thresholds,
        "retry_after{scenario:burst}": [{ threshold: "rate==100%", id: "burst.retry_after" }],
        "errors{scenario:burst,class:status_5xx}": [{ threshold: "rate==0", id: "burst.no_5xx" }],
        "errors{scenario:burst,class:status_503}": [{ threshold: "rate==0", id: "burst.no_503" }],
        "errors{scenario:burst}": [{ threshold: "rate<90%", id: "burst.errors" }],
        ...second.thresholds,
      },
      undecided: [...first.undecided, ...second.undecided],
      ...(limiters !== undefined && { limiters }),
      ...(compared !== undefined && { blocks: compared }),
      ...(keyEnvs !== undefined && { keyEnvs }),
    };
  },
};
