import type { ContractErrorRow } from "./error-row.ts";
import { lintErrors } from "./lint/errors.ts";
import { sloErrors } from "./slo/errors.ts";
import { waiverErrors } from "./waiver/errors.ts";

export type { ContractErrorRow };

/** Thrown only for mistakes of the calling program; bad data returns problems instead. */
export class ContractError extends Error {
  readonly code: string;
  readonly row: ContractErrorRow;

  constructor(code: string, row: ContractErrorRow, message: string) {
    super(message);
    this.name = "ContractError";
    this.code = code;
    this.row = row;
  }

  /** `CODE message remedy`, the way the command line prints it. */
  get line(): string {
    return `${this.code} ${this.message} ${this.row.remedy}`;
  }
}

function defineErrors<const T extends Readonly<Record<string, ContractErrorRow>>>(table: T) {
  return {
    table,
    make(code: keyof T & string, message: string): ContractError {
      const row = table[code];
      if (!row) throw new TypeError(`unlisted error code ${code}`);
      return new ContractError(code, row, message);
    },
  };
}

/** Every code of this package: thrown ones, and those of problems and verify steps. */
export const contractErrors = defineErrors({
  ...lintErrors,
  ...waiverErrors,
  ...sloErrors,
  LL_PLAN_SHAPE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The plan has a value of the wrong type or out of range.",
    remedy:
      "Correct the value at the named path; `loadline plan --schema` prints what is expected.",
  },
  LL_PLAN_KEY: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The plan has a key that does not exist.",
    remedy: "Use the nearest key named in the message, or remove the key.",
  },
  LL_PLAN_KIND: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The claim kind is not built.",
    remedy:
      "Use predicate, proportion, quantile, trials, bound, coverage, mean, comparison, zero_loss, time_availability or window_slo.",
  },
  LL_PLAN_UNIT: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A quantity lacks its unit, or has the unit of another quantity.",
    remedy: 'Write ratios as 0..1 or "99.5 %", and quantities with a unit, such as "2 s".',
  },
  LL_PLAN_STREAM: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "The claim names an observation stream that no stage produces.",
    remedy: "Use a stream printed by `loadline plan`.",
  },
  LL_PLAN_EMPTY_CLAIM: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "A claim has no parts, or a plan no claims: nothing would be decided.",
    remedy: 'Declare at least one part, or leave `parts` out for ["all"].',
  },
  LL_PLAN_DUPLICATE: {
    fault: "caller",
    retryable: false,
    exit: 78,
    summary: "Two claims, or two parts of one claim, have the same name.",
    remedy: "Rename one of them.",
  },
  LL_PLAN_CANNOT_PROVE: {
    fault: "caller",
    retryable: false,
    exit: 2,
    summary: "A perfect target could not pass this claim with the planned samples.",
    remedy: "Raise the rate or the duration, or lower the target.",
  },
  LL_EVIDENCE_LIMIT: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "An evidence limit is reached.",
    remedy: "Store large data as an artifact, or shorten the run.",
  },
  LL_EVIDENCE_VALUE: {
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "The value has no canonical JSON form.",
    remedy: "Record finite numbers, strings, booleans, null, arrays and plain objects only.",
  },
  LL_EVIDENCE_ROLE: {
    fault: "platform",
    retryable: false,
    exit: 1,
    summary: "A record of the wrong role is offered as evidence of a claim.",
    remedy:
      "Let a stage that asks the target through its sockets record it, and a recovery the prober alone.",
  },
  LL_VERIFY_FILE: {
    fault: "caller",
    retryable: false,
    exit: 1,
    summary: "A file of the bundle is missing, changed or not listed.",
    remedy: "Take the bundle from its source again.",
  },
  LL_VERIFY_CHAIN: {
    fault: "caller",
    retryable: false,
    exit: 1,
    summary: "The evidence chain is broken or incomplete.",
    remedy: "Do not rely on the run; run the validation again.",
  },
  LL_VERIFY_PLAN: {
    fault: "caller",
    retryable: false,
    exit: 1,
    summary: "The plan is not the one the evidence was recorded for.",
    remedy: "Take the bundle from its source again.",
  },
  LL_VERIFY_ARTIFACT: {
    fault: "caller",
    retryable: false,
    exit: 1,
    summary: "An artifact a record rests on is missing or gives other figures.",
    remedy: "Take the bundle from its source again.",
  },
  LL_VERIFY_VERDICT: {
    fault: "caller",
    retryable: false,
    exit: 1,
    summary: "The stored verdict or a view differs from what the evidence gives.",
    remedy: "Rely on the recomputed outcome only; render views with `loadline report`.",
  },
  LL_VERIFY_SIGNATURE: {
    fault: "caller",
    retryable: false,
    exit: 2,
    summary: "The bundle is not signed.",
    remedy: "Compare the chain head with one you got from the signer.",
  },
});

export type ContractCode = keyof typeof contractErrors.table;
