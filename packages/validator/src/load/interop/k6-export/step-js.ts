import { declareSteps } from "../../plan/declare-steps.ts";
import { type HttpStep, kindOf, type LlmStep, type Step } from "../../plan/step-schema.ts";
import type { CheckSpec } from "../../scenario/checks/table.ts";
import { refsIn } from "../../scenario/template.ts";
import { refJs, type TemplateContext, textJs, valueJs } from "./template-js.ts";
import { freeSocketOf, leftOpen, speaksWs, wsJs } from "./ws-js.ts";

export interface StepContext extends TemplateContext {
  readonly model: string | null;
  /** Path of the base URL: LLM paths have their `/v1` only once. */
  readonly basePath: string;
}

/** Lines of JavaScript for the steps of one iteration. */
export function stepsJs(steps: readonly Step[], x: StepContext): string[] {
  for (const path of leftOpen(steps)) {
    x.unmapped.add(
      x.path,
      `no step closes the socket of ${path}: k6 keeps none beyond an iteration`,
    );
  }
  const names = new Map(declareSteps(steps).map(({ step, name }) => [step, name.name]));
  return linesOf(steps, x, names);
}

type Names = ReadonlyMap<Step, string>;

function linesOf(steps: readonly Step[], x: StepContext, names: Names): string[] {
  return steps.flatMap((step, i) => {
    const here = { ...x, path: `${x.path}[${i}]` };
    const lines = oneStep(step, here, names);
    if (step.when === undefined) return lines;
    return [
      `if (${JSON.stringify(step.when)}.some((one) => ended(it, one))) {`,
      ...indent(lines),
      "}",
    ];
  });
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

function oneStep(step: Step, x: StepContext, names: Names): string[] {
  const name = names.get(step) ?? "";
  switch (kindOf(step)) {
    case "http":
      return [sendJs(name, step, httpOf(step.http ?? "/", x))];
    case "llm":
      return llmJs(name, step, x);
    case "check":
      return [step.check ?? []].flat().map((check) => checkJs(check, x));
    case "sleep":
      return step.sleep === undefined ? [] : [sleepJs(step.sleep)];
    case "ws": {
      const socket = freeSocketOf(step);
      if (socket !== null) return [wsJs(name, step, socket, x)];
      x.unmapped.add(x.path, "rooms have no stock form in k6");
      return [];
    }
    case "group":
    case "repeat":
      return nestedJs(step, x, names);
    default:
      x.unmapped.add(x.path, `a ${kindOf(step)} step has no stock form in k6`);
      return [];
  }
}

function nestedJs({ group, repeat }: Step, x: StepContext, names: Names): string[] {
  if (group !== undefined) {
    const inner = linesOf(group.steps, { ...x, path: `${x.path}.group.steps` }, names);
    // k6 refuses an asynchronous group: its tag is given up, not its steps.
    if (speaksWs(group.steps)) return ["{", ...indent(inner), "}"];
    return [`group(${JSON.stringify(group.name)}, () => {`, ...indent(inner), "});"];
  }
  if (repeat === undefined) return [];
  const inner = linesOf(repeat.steps, { ...x, path: `${x.path}.repeat.steps` }, names);
  return [`for (let round = 0; round < ${repeat.times}; round++) {`, ...indent(inner), "}"];
}

/** A request as expressions of the script. */
interface RequestJs {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly expect: readonly number[] | null;
  readonly timeoutMs: number;
}

const totalMs = { http: 120_000, llm: 600_000 } as const;
const jsonHeader = ["content-type", '"application/json"'] as const;

function httpOf(http: string | HttpStep, x: StepContext): RequestJs {
  const given: HttpStep = typeof http === "string" ? { path: http } : http;
  const { json, body } = given;
  const headers = Object.entries(given.headers ?? {}).map(
    ([key, value]) => [key.toLowerCase(), textJs(value, x)] as const,
  );
  const hasType = headers.some(([key]) => key === "content-type");
  const hasBody = json !== undefined || body !== undefined;
  return {
    method: given.method ?? (hasBody ? "POST" : "GET"),
    path: textJs(given.path, x, "encodeURIComponent"),
    headers: json !== undefined && !hasType ? [...headers, jsonHeader] : headers,
    body: json === undefined ? textOrNull(body, x) : `JSON.stringify(${valueJs(json, x)})`,
    expect: given.expect?.status ?? null,
    timeoutMs: given.timeout ?? totalMs.http,
  };
}

const textOrNull = (body: string | undefined, x: StepContext): string =>
  body === undefined ? "null" : textJs(body, x);

function sendJs(name: string, step: Step, request: RequestJs): string {
  const { method, path, headers, body, expect, timeoutMs } = request;
  const given = headers.map(([key, value]) => `${JSON.stringify(key)}: ${value}`).join(", ");
  const o = [
    `headers: { ${given} }`,
    ...(expect === null ? [] : [`expect: ${JSON.stringify(expect)}`]),
    `timeoutMs: ${timeoutMs}`,
    ...(step.tags === undefined ? [] : [`tags: ${JSON.stringify(step.tags)}`]),
  ];
  return `send(it, ${JSON.stringify(name)}, "${method}", ${path}, ${body}, { ${o.join(", ")} });`;
}

/** LLM requests are sent as they are; what happens inside their streams k6 cannot see. */
function llmJs(name: string, step: Step, x: StepContext): string[] {
  const request = step.llm === undefined ? null : chatOf(step.llm, x);
  if (request === null) {
    x.unmapped.add(x.path, "only `chat`, `complete` and `embed` of llm have a form in k6");
    return [];
  }
  return [sendJs(name, step, request)];
}

const llmPaths = {
  chat: "/chat/completions",
  complete: "/completions",
  embed: "/embeddings",
} as const;
const llmKinds = ["chat", "complete", "embed"] as const;

type Asked = NonNullable<LlmStep["chat"] | LlmStep["embed"]>;

function chatOf(llm: LlmStep, x: StepContext): RequestJs | null {
  const kind = llmKinds.find((one) => llm[one] !== undefined);
  const asked = kind === undefined ? undefined : llm[kind];
  if (kind === undefined || asked === undefined) return null;
  const own = x.basePath.endsWith("/v1") ? llmPaths[kind] : `/v1${llmPaths[kind]}`;
  const headers = Object.entries(asked.headers ?? {}).map(
    ([key, value]) => [key.toLowerCase(), textJs(value, x)] as const,
  );
  return {
    method: "POST",
    path: textJs(asked.path ?? own, x, "encodeURIComponent"),
    headers: [jsonHeader, ...headers],
    body: `JSON.stringify({ ${membersJs(kind, asked, x).join(", ")} })`,
    expect: null,
    timeoutMs: totalMs.llm,
  };
}

function membersJs(kind: (typeof llmKinds)[number], asked: Asked, x: StepContext): string[] {
  const stream = "stream" in asked && asked.stream;
  return [
    `model: ${JSON.stringify(asked.model ?? x.model ?? "")}`,
    inputJs(kind, asked, x),
    ...("maxTokens" in asked ? [`max_tokens: ${asked.maxTokens}`] : []),
    ...(stream ? ["stream: true", "stream_options: { include_usage: true }"] : []),
    ...Object.entries(asked.extra ?? {}).map(
      ([key, value]) => `${JSON.stringify(key)}: ${valueJs(value, x)}`,
    ),
  ];
}

function inputJs(kind: (typeof llmKinds)[number], asked: Asked, x: StepContext): string {
  const prompts = asked.prompts ?? (asked.prompt === undefined ? [] : [asked.prompt]);
  const list = prompts.map((one) => textJs(one, x)).join(", ");
  const picked = `[${list}][it.index % ${Math.max(1, prompts.length)}]`;
  const { messages } = asked;
  if (kind === "chat") {
    const given = messages === undefined ? null : valueJs(messages, x);
    return `messages: ${given ?? `[{ role: "user", content: ${picked} }]`}`;
  }
  const joined = messages === undefined ? null : valueJs(messages, x);
  const text = joined === null ? picked : `${joined}.map((one) => one.content).join("\\n")`;
  return kind === "embed" ? `input: ${text}` : `prompt: ${text}`;
}

function checkJs(check: CheckSpec, x: StepContext): string {
  if (check.tokens !== undefined) {
    x.unmapped.add(`${x.path}.check`, "a check of tokens has no form in k6");
  }
  const spec = {
    status: check.status,
    outcome: check.outcome,
    header: check.header,
    contains: check.contains,
    json: check.json,
    bytes: check.bytes,
    within: check.within,
  };
  return `judge(it, ${JSON.stringify(check.name)}, ${check.required}, ${checkedJs(spec, x)});`;
}

/** What a check asks for: a text of `contains` and of a header is one, whatever fills it. */
function checkedJs({ header = {}, contains, ...rest }: Partial<CheckSpec>, x: StepContext): string {
  const headers = Object.entries(header).map(
    ([key, value]) => `${JSON.stringify(key)}: ${textJs(value, x)}`,
  );
  const texts = [contains ?? []].flat().map((text) => textJs(text, x));
  const others = Object.entries(rest).filter(([, value]) => value !== undefined);
  const members = [
    ...others.map(([key, value]) => `${JSON.stringify(key)}: ${valueJs(value, x)}`),
    ...(headers.length === 0 ? [] : [`"header": { ${headers.join(", ")} }`]),
    ...(texts.length === 0 ? [] : [`"contains": [${texts.join(", ")}]`]),
  ];
  const all = `{ ${members.join(", ")} }`;
  const refs = refsIn({ header, contains, ...rest }).map((ref) => `text(${refJs(ref, x)})`);
  return refs.length === 0 ? all : `[${refs.join(", ")}].includes("") ? null : ${all}`;
}

/** A pause of k6 is in seconds. */
export function sleepJs({ minMs, maxMs }: { minMs: number; maxMs: number }): string {
  if (minMs === maxMs) return `sleep(${minMs / 1000});`;
  return `sleep(${minMs / 1000} + Math.random() * ${(maxMs - minMs) / 1000});`;
}
