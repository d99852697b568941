import { meant } from "@loadline/kit/nearest";
import type { LoadOutcome } from "../engine/flight.ts";
import type { CheckSpec } from "../scenario/checks/table.ts";
import type { Faults } from "./faults.ts";
import { kindOf, type Step } from "./step-schema.ts";

/** Outcomes that `when` may name; `bad` is every one but ok. */
const outcomes: Readonly<Record<LoadOutcome | "bad", true>> = {
  ok: true,
  bad: true,
  status_429: true,
  status_4xx: true,
  status_503: true,
  status_5xx: true,
  check: true,
  script: true,
  dns: true,
  connect: true,
  connect_timeout: true,
  tls: true,
  stale_connection: true,
  reset: true,
  timeout_first_byte: true,
  timeout_idle: true,
  timeout_total: true,
  protocol: true,
  stream_error: true,
  stream_truncated: true,
  generator: true,
  dropped: true,
  unfinished: true,
  cancelled: true,
};

function checkWhen(step: Step, path: readonly PropertyKey[], faults: Faults): void {
  const known = Object.keys(outcomes);
  for (const outcome of step.when ?? []) {
    if (known.includes(outcome)) continue;
    faults.add(path, `no outcome ${outcome}.${meant(outcome, known)}`);
  }
}

/** Names of the checks of steps; each must follow a request, which it judges. Faults are noted. */
export function checksIn(
  steps: readonly Step[],
  path: readonly PropertyKey[],
  faults: Faults,
): string[] {
  const walk = new StepWalk(faults);
  walk.all(steps, path);
  return [...new Set(walk.names)];
}

class StepWalk {
  readonly names: string[] = [];
  readonly #faults: Faults;
  #sent = false;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  all(steps: readonly Step[], path: readonly PropertyKey[]): void {
    for (const [i, step] of steps.entries()) {
      const here = [...path, i];
      const kind = kindOf(step);
      checkWhen(step, [...here, "when"], this.#faults);
      if (kind === "group") this.all(step.group?.steps ?? [], [...here, "group", "steps"]);
      else if (kind === "repeat") this.all(step.repeat?.steps ?? [], [...here, "repeat", "steps"]);
      else if (kind === "check") this.#check(steps, i, [...here, "check"]);
      else this.#sent ||= kind !== "sleep";
    }
  }

  #check(steps: readonly Step[], i: number, path: readonly PropertyKey[]): void {
    if (!this.#sent) this.#faults.add(path, "no request comes before it");
    for (const spec of specsOf(steps[i])) {
      this.names.push(spec.name);
      if (spec.name.includes("${")) this.#faults.add(path, "its name is the same for every answer");
      if (spec.required && !followsRequest(steps, i)) {
        this.#faults.add(path, "required: true needs its request right before it");
      }
    }
  }
}

/** The checks of a check step. */
export function specsOf(step: Step | undefined): readonly CheckSpec[] {
  const check = step?.check;
  if (check === undefined) return [];
  return Array.isArray(check) ? check : [check];
}

/** Whether a plain or model request comes before `i`, with nothing but checks and pauses between. */
function followsRequest(steps: readonly Step[], i: number): boolean {
  const before = steps.slice(0, i).findLast((step) => !["check", "sleep"].includes(kindOf(step)));
  return before?.http !== undefined || before?.llm !== undefined;
}
