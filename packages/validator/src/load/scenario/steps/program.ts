import type { ExecContext } from "../../engine/exec.ts";
import { specsOf } from "../../plan/check-steps.ts";
import { kindOf, type Step } from "../../plan/step-schema.ts";
import { checkNeeds } from "../checks/table.ts";
import { compileCall, type StepCall } from "./step-call.ts";
import { compileCheck, type StepCheck } from "./step-checks.ts";
import { compileHttp, compileLlm, type StepRequest } from "./step-request.ts";

/** What a request keeps of its answer, and what it must hold to be good. */
export interface Watch {
  /** A later check looks at the answer. */
  readonly answer: boolean;
  readonly body: boolean;
  readonly required: readonly StepCheck[];
}

/** One operation of an iteration; a program is a list of them, run in order. */
export type Op =
  | {
      readonly op: "send";
      readonly step: number;
      readonly request: StepRequest;
      readonly watch: Watch;
    }
  | { readonly op: "call"; readonly step: number; readonly call: StepCall }
  | { readonly op: "check"; readonly checks: readonly StepCheck[] }
  | { readonly op: "sleep"; readonly minMs: number; readonly maxMs: number }
  /** Goes on at `to` unless the last outcome is one of these. */
  | { readonly op: "unless"; readonly outcomes: readonly string[]; readonly to: number }
  /** Goes back to `to` until the counter `slot` has reached `times`. */
  | { readonly op: "again"; readonly slot: number; readonly times: number; readonly to: number };

/** The steps of an iteration, ready to run. */
export interface Program {
  readonly ops: readonly Op[];
  /** Counters of loops. */
  readonly slots: number;
}

/** Compiles steps; what they send is numbered in the order `declareSteps` gives. */
export function compileProgram(steps: readonly Step[], context: ExecContext): Program {
  const builder = new ProgramBuilder(context);
  builder.add(steps);
  return { ops: builder.ops, slots: builder.slots };
}

class ProgramBuilder {
  readonly ops: Op[] = [];
  slots = 0;
  readonly #context: ExecContext;
  #sent = 0;

  constructor(context: ExecContext) {
    this.#context = context;
  }

  add(steps: readonly Step[]): void {
    for (const [i, step] of steps.entries()) {
      const at = this.ops.length;
      // Its target is known once the step is written.
      if (step.when !== undefined) this.ops.push({ op: "unless", outcomes: step.when, to: at });
      this.#one(step, steps.slice(i + 1));
      if (step.when !== undefined) {
        this.ops[at] = { op: "unless", outcomes: step.when, to: this.ops.length };
      }
    }
  }

  #one(step: Step, later: readonly Step[]): void {
    if (step.group !== undefined) this.add(step.group.steps);
    else if (step.repeat !== undefined) this.#repeat(step.repeat);
    else if (step.sleep !== undefined) this.ops.push({ op: "sleep", ...step.sleep });
    else if (step.check !== undefined)
      this.ops.push({ op: "check", checks: specsOf(step).map(compileCheck) });
    else this.#send(step, later);
  }

  #repeat(repeat: NonNullable<Step["repeat"]>): void {
    const slot = this.slots++;
    const to = this.ops.length;
    this.add(repeat.steps);
    this.ops.push({ op: "again", slot, times: repeat.times, to });
  }

  #send(step: Step, later: readonly Step[]): void {
    const call = compileCall(step);
    if (call !== null) {
      this.ops.push({ op: "call", step: this.#sent++, call });
      return;
    }
    const request = compileRequest(step, this.#context);
    this.ops.push({ op: "send", step: this.#sent++, request, watch: watchOf(later) });
  }
}

/** Requests over the shared connections, by the kind of their step. */
function compileRequest(step: Step, context: ExecContext): StepRequest {
  if (step.http !== undefined) return compileHttp(step.http, context);
  if (step.llm !== undefined) return compileLlm(step.llm, context);
  throw new TypeError(`a step of kind ${kindOf(step)} sends nothing`);
}

/** What the steps after a request ask of its answer, up to the next request. */
function watchOf(later: readonly Step[]): Watch {
  const required: StepCheck[] = [];
  let [answer, body] = [false, false];
  for (const step of later) {
    const kind = kindOf(step);
    if (kind === "sleep") continue;
    if (kind !== "check") {
      // A group or a loop may begin with checks of this answer.
      const inner = watchOf(step.group?.steps ?? step.repeat?.steps ?? []);
      return { answer: answer || inner.answer, body: body || inner.body, required };
    }
    answer = true;
    for (const spec of specsOf(step)) {
      body ||= checkNeeds(spec) === "body";
      if (spec.required && (step.when === undefined || step.when.includes("ok")))
        required.push(compileCheck(spec));
    }
  }
  return { answer, body, required };
}
