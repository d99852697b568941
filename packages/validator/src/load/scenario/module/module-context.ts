import type { LoadClient } from "../../clients/client.ts";
import { createHttpClient, statusReader } from "../../clients/http.ts";
import { llmFigures } from "../../clients/llm/figures.ts";
import { createLlmClient } from "../../clients/llm/llm-client.ts";
import type { LlmLoadRequest } from "../../clients/llm/request.ts";
import type { ExecContext } from "../../engine/exec.ts";
import type { Scenario } from "../../scenario-types.ts";
import type { Checks, HttpTerms, LlmTerms, Reply } from "../api.ts";
import type { Requirement } from "../answer.ts";
import type { Feed } from "../feed/feed.ts";
import type { Report } from "../report.ts";
import { Services } from "../services.ts";
import { Call, type Written } from "./call.ts";

/** What the virtual users of a module's scenario share in a worker. */
export interface ModuleContext {
  readonly context: ExecContext;
  readonly scenario: Pick<Scenario, "env" | "tags" | "steps">;
  readonly feed: Feed | null;
  readonly report: Report;
  /** Turns of a session, 0 without sessions. */
  readonly turns: number;
  /** Number of a declared step. */
  stepOf(name: string | undefined): number;
  /** A plain request, written; kept while it always is the same. */
  http(method: string, path: string, terms: HttpTerms | undefined): Written;
  /** `text` is told the generated text of a good answer. */
  llm(kind: LlmKind, terms: LlmTerms, text: (text: string) => void): LoadClient;
  readonly services: Services;
}

export type LlmKind = LlmLoadRequest["kind"];

const writtenMax = 1024;
const maxTokensDefault = 64;

/** Reader of every answer whose accepted statuses are the default. */
export const plainReader = statusReader();

export function createModuleContext(
  scenario: ModuleContext["scenario"],
  context: ExecContext,
  o: { readonly feed: Feed | null; readonly report: Report; readonly turns: number },
): ModuleContext {
  const steps = new Map((scenario.steps ?? []).map(({ name }, at) => [name, at]));
  const written = new Map<string, Map<string, Written>>();
  const { base, plan, seed } = context;
  const write = (method: string, path: string, terms: HttpTerms | undefined): Written => {
    const body = terms?.json === undefined ? terms?.body : JSON.stringify(terms.json);
    const json = terms?.json === undefined ? {} : { "content-type": "application/json" };
    const headers = { ...json, ...terms?.headers };
    const client = createHttpClient(
      { kind: "http", method, path, headers, ...(body !== undefined && { body }) },
      base,
    );
    const { firstByteMs, totalMs } = client;
    return { method, bytes: client.bytes(0), firstByteMs, totalMs };
  };
  return {
    context,
    scenario,
    ...o,
    services: new Services(context),
    llm: (kind, terms, text) =>
      createLlmClient(llmRequest(kind, terms, plan.target.model), base, {
        seed,
        ...llmFigures(context),
        text: (_flight, generated) => text(generated),
      }),
    stepOf(name) {
      if (name === undefined) return 0;
      const at = steps.get(name);
      if (at !== undefined) return at;
      o.report.fault(new Error(`${name} is not among the scenario's requests`), null);
      return 0;
    },
    http(method, path, terms) {
      const same =
        terms?.headers === undefined && terms?.json === undefined && terms?.body === undefined;
      if (!same) return write(method, path, terms);
      let ofMethod = written.get(method);
      if (ofMethod === undefined) written.set(method, (ofMethod = new Map()));
      const known = ofMethod.get(path);
      if (known !== undefined) return known;
      const one = write(method, path, terms);
      if (ofMethod.size >= writtenMax) ofMethod.clear();
      ofMethod.set(path, one);
      return one;
    },
  };
}

function llmRequest(kind: LlmKind, terms: LlmTerms, model: string | undefined): LlmLoadRequest {
  const asked = terms.model ?? model;
  if (asked === undefined) throw new TypeError("no model: name one, or set target.model");
  if ((terms.prompt === undefined) === (terms.messages === undefined)) {
    throw new TypeError("give either `prompt` or `messages`");
  }
  const messages = terms.messages ?? [{ role: "user", content: terms.prompt ?? "" }];
  const shared = {
    model: asked,
    messages,
    ...(terms.path !== undefined && { path: terms.path }),
    ...(terms.headers !== undefined && { headers: terms.headers }),
    ...(terms.extra !== undefined && { extra: terms.extra }),
  };
  if (kind === "embeddings") return { kind, ...shared };
  const { maxTokens = maxTokensDefault, stream = true } = terms;
  return { kind, ...shared, maxTokens, stream };
}

/** Whether a check holds; one that throws does not: an answer of another shape is no script fault. */
export function holds<R extends Reply>(check: (reply: R) => boolean, reply: R): boolean {
  try {
    return check(reply) === true;
  } catch {
    return false;
  }
}

/** Judges required checks and counts each by its name. */
export function requirementOf(checks: Checks, report: Report): Requirement {
  return (reply) => {
    if (!(reply instanceof Call)) return true;
    let all = true;
    for (const [name, check] of Object.entries(checks)) {
      const held = holds(check, reply);
      report.checked(name, held);
      all &&= held;
    }
    return all;
  };
}
