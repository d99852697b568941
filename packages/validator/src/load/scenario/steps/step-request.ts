import { EncodedHeaders, encodeRequest } from "@loadline/kit/http1";
import type { AnswerReader } from "../../clients/client.ts";
import { statusReader } from "../../clients/http.ts";
import { llmFigures } from "../../clients/llm/figures.ts";
import { createLlmClient, inputsOf, llmRequestParts } from "../../clients/llm/llm-client.ts";
import type { ExecContext } from "../../engine/exec.ts";
import { withOwn } from "../../engine/target-base.ts";
import type { HttpStep, LlmStep } from "../../plan/step-schema.ts";
import { pickIndex } from "../../schedule/arrivals.ts";
import { llmRequestOf } from "./llm-request.ts";
import {
  compileJson,
  compileText,
  fillJson,
  fillText,
  type JsonTemplate,
  noScope,
  type TemplateScope,
  type TextTemplate,
} from "../template.ts";

/** What a step sends, compiled once per scenario and worker. */
export interface StepRequest {
  readonly method: string;
  readonly firstByteMs: number;
  readonly totalMs: number;
  readonly ownMs?: number | undefined;
  /** Whole bytes of one request. Throws LL_HTTP1_REQUEST for values that cannot be written. */
  bytes(scope: TemplateScope, index: number): Buffer;
  reader(): AnswerReader;
}

const firstByteMs = 30_000;
const totalMs = 120_000;

/** A plain request of a step. */
export function compileHttp(step: HttpStep | string, context: ExecContext): StepRequest {
  const r: HttpStep = typeof step === "string" ? { path: step } : step;
  const hasBody = r.json !== undefined || r.body !== undefined;
  const method = r.method ?? (hasBody ? "POST" : "GET");
  const headers = Object.entries(r.headers ?? {}).flat();
  if (r.json !== undefined && !headers.some((h, i) => i % 2 === 0 && isContentType(h))) {
    headers.push("content-type", "application/json");
  }
  const body =
    r.json !== undefined
      ? jsonBody(compileJson(r.json))
      : r.body === undefined
        ? null
        : textBody(compileText(r.body));
  const bytes = compileBytes({ method, path: r.path, headers, body }, context);
  const reader = statusReader(r.expect?.status);
  return { method, firstByteMs, totalMs, ownMs: r.timeout, bytes, reader: () => reader };
}

const isContentType = (header: string): boolean => header.toLowerCase() === "content-type";

/** A request to a model: each of its prompts is compiled, one is picked by seed and index. */
export function compileLlm(step: LlmStep, context: ExecContext): StepRequest {
  const { base, seed, plan } = context;
  const request = llmRequestOf(step, plan.target.model ?? "");
  const client = createLlmClient(request, base, {
    seed,
    ...llmFigures(context),
  });
  const all = inputsOf(request).map((messages) => {
    const { path, headers, fields } = llmRequestParts(request, { ...base, headers: [] }, messages);
    const below = path.slice(base.path.length);
    const body = jsonBody(compileJson(fields));
    return compileBytes({ method: "POST", path: below, headers: [...headers], body }, context);
  });
  return {
    method: client.method,
    firstByteMs: client.firstByteMs,
    totalMs: client.totalMs,
    bytes: (scope, index) => {
      const bytes = all[all.length === 1 ? 0 : pickIndex(seed, index, all.length)];
      if (bytes === undefined) throw new TypeError("an llm step without an input");
      return bytes(scope, index);
    },
    reader: () => client.reader(),
  };
}

/** A body: fixed, or made of the moment's values. */
type Body = { readonly fixed: string } | { readonly fill: (scope: TemplateScope) => string };

function jsonBody(template: JsonTemplate): Body {
  const [only, more] = template;
  if (typeof only === "string" && more === undefined) return { fixed: only };
  return { fill: (scope) => fillJson(template, scope) };
}

function textBody(template: TextTemplate): Body {
  return "fixed" in template ? template : { fill: (scope) => fillText(template, scope) };
}

function compileBytes(
  r: {
    readonly method: string;
    readonly path: string;
    readonly headers: readonly string[];
    readonly body: Body | null;
  },
  { base }: ExecContext,
): StepRequest["bytes"] {
  const path = compileText(r.path);
  const own = r.headers.map((text) => compileText(text));
  const fixedHeaders = own.every((text) => "fixed" in text);
  const all = withOwn(base.headers, r.headers);
  const shared = all.slice(0, all.length - own.length);
  // Checked and written once where no value of the moment is in them.
  const encoded = fixedHeaders ? new EncodedHeaders(all) : null;
  const encode = (scope: TemplateScope): Buffer => {
    const { body } = r;
    return encodeRequest({
      method: r.method,
      path: base.path + fillText(path, scope, encodeURIComponent),
      headers: encoded ?? [...shared, ...own.map((text) => fillText(text, scope))],
      ...(body !== null && { body: Buffer.from("fixed" in body ? body.fixed : body.fill(scope)) }),
    });
  };
  const changes = !("fixed" in path) || !fixedHeaders || (r.body !== null && "fill" in r.body);
  if (changes) return encode;
  const once = encode(noScope);
  return () => once;
}
