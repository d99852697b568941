import { seededRandom } from "@loadline/kit/random";
import { chat } from "./parts.ts";
import type { LoadProfile, UndecidedClaim } from "./profile.ts";

const blockMs = 10_000;
const blocks = 60;
/** Requests per second of the declared limit, unless `--rate` says so. */
const limitDefault = 10;

function undecided(id: string, statement: string, sentence: string): UndecidedClaim {
  return { id, statement, reason: "not_run", sentence };
}

export const quotaBurst: LoadProfile = {
  id: "quota-burst",
  summary: "three times the key's limit in shuffled blocks of 10 s",
  checklist: [],
  make(manifest, { rate: limit = limitDefault, durationMs = blocks * blockMs }) {
    const count = Math.max(2, Math.round(durationMs / blockMs));
    const on = Array.from({ length: count }, (_, i) => i % 2 === 0);
    const random = seededRandom(count);
    for (let i = on.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [on[i], on[j]] = [on[j] === true, on[i] === true];
    }
    return {
      scenarios: {
        burst: {
          executor: "ramping-arrival-rate",
          stages: on.map((isOn) => ({
            durationMs: blockMs,
            target: isOn ? limit * 3 : limit / 10,
            step: true,
          })),
          request: chat(manifest),
        },
      },
      // Of three in a burst two are over the limit; the quiet blocks bring few.
      thresholds: {
        "errors{scenario:burst,class:status_429}": [
          { threshold: "rate>=50%", id: "burst.refused" },
        ],
        "errors{scenario:burst,class:status_5xx}": [{ threshold: "rate==0", id: "burst.no_5xx" }],
        "errors{scenario:burst}": [{ threshold: "rate<90%", id: "burst.errors" }],
      },
      undecided: [
        undecided(
          "burst.retry_after",
          "Every 429 carries Retry-After",
          "Headers of bad answers are not counted by this engine.",
        ),
        undecided(
          "burst.admitted",
          "Admitted within 1 % of the declared limiter on the same schedule",
          "The manifest declares no limiter to simulate.",
        ),
        undecided(
          "other_key.unharmed",
          "A second key gets no 429, its p99 within 5 %",
          "One key is known to this run.",
        ),
      ],
    };
  },
};
