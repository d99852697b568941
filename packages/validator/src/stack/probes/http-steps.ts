import { formsOf } from "../../evidence/redact.ts";
import type { StackProbe, StackSeen } from "../probe.ts";
import { hole, type HttpStep } from "../services/http-steps.ts";
import type { ServiceOf } from "../services/index.ts";
import { answerJson, type HttpAnswer } from "../wire/http.ts";
import { callApi, type Call, type HttpContext } from "../wire/http-api.ts";
import { textOf, valueIn } from "../wire/shape.ts";

/** What a sequence knows by now. */
interface Known {
  /** Values that were taken from answers, by name. */
  readonly taken: Map<string, string>;
  /** Secrets that were sent. */
  readonly sent: Set<string>;
}

/** A text with its secret or with what was taken in it; in a body a name nobody took stays as it is. */
function filled(context: HttpContext, text: string, { taken, sent }: Known): string {
  const secret = context.secret(text);
  if (secret === undefined)
    return text.replaceAll(hole, (all, name: string) => taken.get(name) ?? all);
  sent.add(secret);
  return secret;
}

/** The same of every string in a value. */
function filledIn(context: HttpContext, value: unknown, known: Known): unknown {
  if (typeof value === "string") return filled(context, value, known);
  if (Array.isArray(value)) return value.map((one: unknown) => filledIn(context, one, known));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([k, v]) => [k, filledIn(context, v, known)] as const);
  return Object.fromEntries(entries);
}

function callOf(context: HttpContext, step: HttpStep, known: Known): Call {
  const { method, json } = step;
  const path = step.path.replaceAll(hole, (all, name: string) =>
    encodeURIComponent(known.taken.get(name) ?? all),
  );
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const own = Object.entries(step.headers).map(
    ([name, text]) => [name.toLowerCase(), filled(context, text, known)] as const,
  );
  const headers = { ...type, ...Object.fromEntries(own) };
  if (json === undefined) return { method, path, headers };
  const body = Buffer.from(JSON.stringify(filledIn(context, json, known)));
  return { method, path, headers, body };
}

/** How an answer is not as declared; null when it is. What came instead is not quoted here. */
function stepFault(step: HttpStep, answer: HttpAnswer): string | null {
  const wanted = [step.status].flat();
  if (!wanted.includes(answer.status)) {
    return `was answered with ${answer.status}, not ${wanted.join(" or ")}`;
  }
  const { contains } = step;
  if (contains !== undefined && !answer.body.includes(contains)) {
    return `was answered without ${JSON.stringify(contains)}`;
  }
  const json = answerJson(answer);
  const other = Object.entries(step.equals).find(([path, is]) => valueIn(json, path) !== is);
  if (other !== undefined) return `has another ${other[0]} than ${JSON.stringify(other[1])}`;
  const absent = Object.values(step.take).find((path) => textOf(valueIn(json, path)) === "");
  return absent === undefined ? null : `has no ${absent}`;
}

/**
 * What an answer says, without secrets that were sent and without what was taken from answers, in
 * any form; the longest goes first, so that of none a piece is left. Of an answer
 * that was to be taken from nothing is quoted, as nobody knows where in it the value stands.
 */
function unsaid(answer: HttpAnswer, step: HttpStep, { taken, sent }: Known): string {
  const head = `HTTP ${answer.status}`;
  if (Object.keys(step.take).length > 0) return head;
  const forms = [...taken.values(), ...sent].flatMap((text) => [...formsOf(text)]);
  const hidden = forms.filter((text) => text !== "").sort((a, b) => b.length - a.length);
  const body = answer.body.toString("utf8");
  const shown = hidden.reduce((text, one) => text.replaceAll(one, "<hidden>"), body);
  return `${head}\n${shown}`;
}

async function walk(
  context: HttpContext,
  part: string,
  steps: readonly HttpStep[],
): Promise<StackSeen> {
  const token = context.secret(context.service.token);
  const known: Known = { taken: new Map(), sent: new Set(token === undefined ? [] : [token]) };
  const reproduce = context.again;
  for (const [index, step] of steps.entries()) {
    const answer = await callApi(context, callOf(context, step, known));
    const fault = stepFault(step, answer);
    if (fault !== null) {
      const which = `step ${index + 1} of ${steps.length}, ${step.method} ${step.path},`;
      const raw = unsaid(answer, step, known);
      return { part, ok: false, seen: `${part}: ${which} ${fault}.`, raw, reproduce };
    }
    const json = answerJson(answer);
    for (const [name, path] of Object.entries(step.take)) {
      known.taken.set(name, textOf(valueIn(json, path)));
    }
  }
  const calls = steps.map(({ method, path, status }) => `${method} ${path} ${[status].join("|")}`);
  return { part, ok: true, seen: `${part}: ${calls.join(", ")}.`, reproduce };
}

/** Declared calls one after another: a login and its end, or what a shell script used to ask. */
export const httpSteps: StackProbe<ServiceOf<"http">> = {
  kind: "http",
  check: "steps",
  summary: "declared sequences of calls",
  needs: ["answers"],
  checklist: ["R1-12"],
  severity: "high",
  claim({ steps }) {
    const parts = Object.keys(steps);
    if (parts.length === 0) return null;
    return {
      statement: `every call of ${parts.join(", ")} is answered as declared`,
      category: "Testing & Quality",
      rationale: "A token that works after its logout was never taken back.",
      parts,
    };
  },
  saboteur: [{ when: "POST /logout", status: 204, reply: "" }],
  async run(context) {
    const seen: StackSeen[] = [];
    for (const [part, steps] of Object.entries(context.service.steps)) {
      seen.push(await walk(context, part, steps));
    }
    return seen;
  },
};
