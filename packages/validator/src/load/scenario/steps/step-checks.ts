import type { AnswerView } from "../answer.ts";
import { checkHolds, type CheckSpec } from "../checks/table.ts";
import { textOf } from "../feed/table.ts";
import {
  compileJson,
  fillJson,
  noScope,
  refsIn,
  refValue,
  type TemplateScope,
} from "../template.ts";

/** A check of a step; what it asks for may hold values of the moment. */
export interface StepCheck {
  /** Counted under it: the same for every answer. */
  readonly name: string;
  /** False also where a value of the moment that it asks for is not there, or empty. */
  holds(answer: AnswerView, scope: TemplateScope): boolean;
}

/** Compiles a check. Throws TypeError for a text that `parseTemplate` refuses. */
export function compileCheck(spec: CheckSpec): StepCheck {
  const { name } = spec;
  const template = compileJson(spec);
  const refs = refsIn(spec);
  if (refs.length === 0) {
    const fixed = JSON.parse(fillJson(template, noScope)) as CheckSpec;
    return { name, holds: (answer) => checkHolds(fixed, answer) };
  }
  return {
    name,
    holds: (answer, scope) => {
      if (refs.some((ref) => textOf(refValue(ref, scope)) === "")) return false;
      const filled = JSON.parse(fillJson(template, scope)) as CheckSpec;
      return checkHolds(textual(filled), answer);
    },
  };
}

/** Texts are looked for: what fills a whole text of `contains` or of a header is taken as one. */
function textual(spec: CheckSpec): CheckSpec {
  const { contains, header = {} } = spec;
  const texts = [contains ?? []].flat().map(textOf);
  const headers = Object.entries(header).map(([key, value]) => [key, textOf(value)] as const);
  return {
    ...spec,
    ...(texts.length > 0 && { contains: texts }),
    ...(headers.length > 0 && { header: Object.fromEntries(headers) }),
  };
}
