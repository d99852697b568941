import { dirname, resolve } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { sha256 } from "../../../evidence/sha256.ts";
import { growthClaims } from "../../growth-claims.ts";
import { compileLoad } from "../../plan/compile.ts";
import { readLoadSource } from "../../plan/read-load-file.ts";
import type { LoadBlock } from "../../plan/load-schema.ts";
import { readFeeders } from "../../plan/read-feeders.ts";
import type { ScenarioFile } from "../../plan/scenario-schema.ts";
import type { FeedPlan } from "../../scenario/feed/feed.ts";
import { TableReader } from "../../scenario/feed/table.ts";
import { scenarioSeed } from "../../schedule/arrivals.ts";
import { toClaims } from "../../thresholds/to-claims.ts";
import type { PlanClaims } from "../exported-claims.ts";
import { type ExportedClaims, exportClaims } from "./claims-js.ts";
import { type ExecutorJs, executorJs } from "./executor-js.ts";
import { runtimeJs } from "./runtime-js.ts";
import { sleepJs, type StepContext, stepsJs } from "./step-js.ts";
import { textJs } from "./template-js.ts";
import { Unmapped, type UnmappedPart } from "./unmapped.ts";
import { speaksWs } from "./ws-js.ts";
import { wsRuntimeJs } from "./ws-runtime-js.ts";

export interface K6Export {
  readonly script: string;
  /** What was left out, with `lossy`. */
  readonly unmapped: readonly UnmappedPart[];
  /** Variables the script reads, secrets among them. */
  readonly variables: readonly string[];
  readonly claims: ExportedClaims;
}

/** Rows written into a script at most, in characters of JSON. */
const rowsCharsMax = 16 * 1024 * 1024;

/**
 * A k6 script of a load plan, YAML or a module, which runs with stock k6 and prints one
 * `LOADLINE_RESULT` line.
 * Rejects with LL_LOAD_PLAN_INVALID and the other codes of compiling a plan, and unless `lossy` with
 * LL_LOAD_EXPORT_UNMAPPED naming every part that k6 has no form for. Secrets stay in `__ENV`.
 */
export async function exportK6(
  text: string,
  o: { readonly path: string; readonly lossy: boolean; readonly clock: Clock },
): Promise<K6Export> {
  const { bound, digest } = await boundClaimsOf(text, o);
  const folder = dirname(resolve(o.path));
  const { block: load } = await readLoadSource(text, o);
  const unmapped = new Unmapped();
  const claims = exportClaims(bound, unmapped);
  const feeds = await readFeeders(load.feeders, folder);
  const variables = new Set<string>();
  const whole = { load, digest, claims, feeds, unmapped, variables };
  const script = scriptOf(whole);
  if (!o.lossy) unmapped.refuse();
  const cut = scenariosCut(load, unmapped.parts);
  if (cut.size === 0)
    return { script, unmapped: unmapped.parts, variables: [...variables], claims };
  // What is left out of a scenario is left out of every claim on it.
  const left = exportClaims(bound, new Unmapped(), cut);
  const lossy = scriptOf({ ...whole, claims: left, unmapped: new Unmapped() });
  return { script: lossy, unmapped: unmapped.parts, variables: [...variables], claims: left };
}

/** Scenarios that k6 would run otherwise than the plan says, each with the first part it lacks. */
function scenariosCut(
  { scenarios }: LoadBlock,
  parts: readonly UnmappedPart[],
): ReadonlyMap<string, string> {
  const cut = new Map<string, string>();
  for (const [name, { feed }] of Object.entries(scenarios)) {
    const part = parts.find(
      ({ path }) =>
        path.startsWith(`scenarios.${name}.`) ||
        path === `feeders.${feed ?? ""}` ||
        path === "setup" ||
        path === "target",
    );
    if (part !== undefined) cut.set(name, `${part.path}: ${part.why}`);
  }
  return cut;
}

/**
 * The claims of a load plan, as a run of it would have them. Secrets are not read: any text stands
 * for them. Rejects with the codes of compiling a plan.
 */
export async function boundClaimsOf(
  text: string,
  o: { readonly path: string; readonly clock: Clock },
): Promise<PlanClaims> {
  const folder = dirname(resolve(o.path));
  const deps = { folder, env: () => "a secret", clock: o.clock };
  const { block, at } = await readLoadSource(text, o);
  const compiled = await compileLoad(block, deps, at);
  const bound = toClaims({
    scenarios: compiled.plan.scenarios,
    thresholds: compiled.thresholds,
    confidence: compiled.confidence,
    checks: compiled.checks,
    metrics: compiled.metrics,
    hasBaseline: false,
    ...(compiled.slo !== null && { slo: compiled.slo }),
  });
  const growth = growthClaims(compiled.observe).map((claim) => ({ claim, limits: [], notes: [] }));
  const digest = sha256(Buffer.from(JSON.stringify(block)));
  return { bound: [...bound, ...growth], digest };
}

interface Writing {
  readonly load: LoadBlock;
  readonly digest: string;
  readonly claims: ExportedClaims;
  readonly feeds: Readonly<Record<string, FeedPlan>>;
  readonly unmapped: Unmapped;
  readonly variables: Set<string>;
}

function scriptOf(w: Writing): string {
  const { load, unmapped } = w;
  if (load.setup !== undefined || load.teardown !== undefined) {
    unmapped.add("setup", "hooks are modules of Loadline");
  }
  const headers = headersJs(w);
  const scenarios = Object.entries(load.scenarios).flatMap(([name, file], at) => {
    const key = `s${at}`;
    const executor = executorJs(name, file, key, unmapped);
    return executor === null ? [] : [{ name, key, file, executor }];
  });
  const bodies = scenarios.flatMap((one) => scenarioJs(w, one));
  const hasWs = scenarios.some(({ file }) => speaksWsOf(file));
  const lines = [
    "// Exported by `loadline load export k6`. Run it with stock k6:",
    `//   k6 run --no-usage-report${[...w.variables].map((v) => ` -e ${v}=...`).join("")} SCRIPT`,
    "// It prints one LOADLINE_RESULT line, which `loadline load import` reads.",
    'import { check, group, sleep } from "k6";',
    'import { SharedArray } from "k6/data";',
    'import exec from "k6/execution";',
    'import http from "k6/http";',
    'import { Counter, Rate, Trend } from "k6/metrics";',
    ...(hasWs
      ? [
          'import { clearTimeout, setTimeout } from "k6/timers";',
          'import { WebSocket } from "k6/websockets";',
        ]
      : []),
    "",
    `const base = (__ENV.LL_TARGET || ${JSON.stringify(load.target.baseUrl)}).replace(/\\/+$/, "");`,
    `const planDigest = ${JSON.stringify(w.digest)};`,
    `const headers = { ${headers.join(", ")} };`,
    `const notTested = ${JSON.stringify(w.claims.notTested)};`,
    `const claims = ${JSON.stringify(w.claims.claims, null, 2)};`,
    "for (const claim of claims) {",
    "  claim.rate = new Rate(claim.rateName);",
    '  claim.due = new Counter(claim.rateName + "_due");',
    "}",
    'const lag = new Trend("ll_lag", true);',
    `const okNames = ${JSON.stringify(Object.fromEntries(scenarios.map(({ key, name }) => [key, name])))};`,
    "const okRates = {};",
    "const okDue = {};",
    "for (const key of Object.keys(okNames)) {",
    '  okRates[key] = new Rate("ll_ok_" + key);',
    '  okDue[key] = new Counter("ll_due_" + key);',
    "}",
    ...feedsJs(w),
    "",
    `export const options = ${JSON.stringify(optionsOf(w, scenarios), null, 2)};`,
    runtimeJs,
    ...(hasWs ? [wsRuntimeJs] : []),
    // Not when the script is read: whoever packs it into an archive has no secrets.
    "export function setup() {",
    ...[...w.variables].map((name) => `  need(${JSON.stringify(name)});`),
    "}",
    ...bodies,
    "",
  ];
  return lines.join("\n");
}

/** Whether any iteration of a scenario speaks over a free socket. */
function speaksWsOf(file: ScenarioFile): boolean {
  const parts = Object.values(file.mix ?? {}).flatMap(({ steps = [] }) => steps);
  return speaksWs([...(file.steps ?? []), ...parts]);
}

interface Written {
  readonly name: string;
  readonly key: string;
  readonly file: ScenarioFile;
  readonly executor: ExecutorJs;
}

function optionsOf(w: Writing, scenarios: readonly Written[]): unknown {
  const thresholds: Record<string, string[]> = {};
  for (const { rateName, target } of w.claims.claims) {
    const share = Number((1 - target).toPrecision(12));
    if (share > 0) thresholds[rateName] = [`rate<${share}`];
  }
  // A threshold that always holds makes k6 count them by scenario.
  for (const { name } of scenarios)
    thresholds[`dropped_iterations{scenario:${name}}`] = ["count>=0"];
  return {
    scenarios: Object.fromEntries(scenarios.map(({ name, executor }) => [name, executor.options])),
    thresholds,
    userAgent: "loadline-k6",
    summaryTrendStats: ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)", "count"],
  };
}

function headersJs({ load, unmapped, variables }: Writing): string[] {
  const x = { path: "target", unmapped, variables, env: {} };
  const { auth, headers = {} } = load.target;
  const rows: [string, string][] = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    textJs(value, x),
  ]);
  const token = auth?.bearer ?? auth?.header?.value;
  if (auth !== undefined && token !== undefined) {
    // Always a reference: a plan with the secret itself is refused before.
    const name = auth.header?.name.toLowerCase() ?? "authorization";
    const value = textJs(token, x);
    rows.push([name, auth.bearer === undefined ? value : `"Bearer " + ${value}`]);
  }
  return rows.map(([name, value]) => `${JSON.stringify(name)}: ${value}`);
}

function feedsJs({ load, feeds, unmapped }: Writing): string[] {
  return Object.entries(feeds).flatMap(([name, feed], at) => {
    const path = `feeders.${name}`;
    if (feed.secret.length > 0)
      unmapped.add(path, "secret columns would be written into the script");
    if (feed.table === null) {
      unmapped.add(path, "a generator is a module of Loadline");
      return [];
    }
    const reader = new TableReader(feed.table);
    const rows = Array.from({ length: feed.table.rows }, (_, i) => reader.row(i));
    const text = feed.secret.length > 0 ? "[]" : JSON.stringify(rows);
    if (text.length > rowsCharsMax) {
      unmapped.add(path, "over 16 Mi characters of rows");
      return [];
    }
    const seed = scenarioSeed(load.seed, `feed:${name}`);
    const array = `new SharedArray(${JSON.stringify(name)}, () => ${text})`;
    return [
      `const feed${at} = { order: ${JSON.stringify(feed.order)}, seed: ${seed}, rows: ${array} };`,
    ];
  });
}

function scenarioJs(w: Writing, { name, key, file, executor }: Written): string[] {
  const { load, unmapped, variables } = w;
  const feedAt = file.feed === undefined ? -1 : Object.keys(w.feeds).indexOf(file.feed);
  const own = w.claims.claims.flatMap((claim, i) => (claim.scenario === name ? [i] : []));
  const x: StepContext = {
    path: `scenarios.${name}.steps`,
    unmapped,
    variables,
    env: file.env ?? {},
    model: load.target.model ?? null,
    basePath: new URL(load.target.baseUrl).pathname.replace(/\/+$/, ""),
  };
  const think = "think" in file && file.think !== undefined ? [sleepJs(file.think)] : [];
  const isAsync = speaksWsOf(file);
  const ended = isAsync ? ["settle(it);", "wsEnd(it);"] : ["settle(it);"];
  const body = [...iterationJs(file, x, load.seed), ...ended, ...think];
  return [
    `const ${key}Plan = {`,
    `  key: ${JSON.stringify(key)},`,
    `  intended: ${executor.intended ?? "null"},`,
    `  warmupMs: ${file.warmup},`,
    `  feed: ${feedAt === -1 ? "null" : `feed${feedAt}`},`,
    `  claims: [${own.map((i) => `claims[${i}]`).join(", ")}],`,
    "};",
    `export ${isAsync ? "async " : ""}function ${key}() {`,
    `  const it = begin(${key}Plan);`,
    "  if (it.row === null) return;",
    ...body.map((line) => `  ${line}`),
    "}",
  ];
}

function iterationJs(file: ScenarioFile, x: StepContext, seed: number): string[] {
  if (file.steps !== undefined) return stepsJs(file.steps, x);
  if (file.mix === undefined) {
    x.unmapped.add(x.path, "a module of Loadline has no form in k6");
    return [];
  }
  const parts = Object.entries(file.mix);
  const block = blockOf(
    parts.map(([, { weight }]) => weight),
    seed,
  );
  const cases = parts.flatMap(([name, part], i) => {
    const here = { ...x, path: `${x.path}.${name}` };
    if (part.steps === undefined)
      x.unmapped.add(here.path, "a module of Loadline has no form in k6");
    const lines = stepsJs(part.steps ?? [], here);
    return [`if (kind === ${i}) {`, ...lines.map((line) => `  ${line}`), "}"];
  });
  return [`const kind = ${JSON.stringify(block)}[it.index % ${block.length}];`, ...cases];
}

const blockMax = 10_000;

/** One block of a mix with exact shares, spread evenly: the seed only turns it. */
function blockOf(weights: readonly number[], seed: number): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const scale =
    [1, 10, 100, 1000].find((s) => weights.every((w) => Number.isInteger(w * s))) ?? 1000;
  const divisor = weights.reduce((a, b) => greatest(a, Math.round(b * scale)), 0) || 1;
  const counts = weights.map((w) => Math.round((w * scale) / divisor));
  const length = Math.min(
    blockMax,
    counts.reduce((a, b) => a + b, 0),
  );
  const given = counts.map(() => 0);
  const block: number[] = [];
  for (let at = 0; at < length; at++) {
    // The part that lags most behind its share.
    const behind = weights.map((w, i) => (w / sum) * (at + 1) - (given[i] ?? 0));
    const next = behind.indexOf(Math.max(...behind));
    given[next] = (given[next] ?? 0) + 1;
    block.push(next);
  }
  const turn = seed % Math.max(1, length);
  return [...block.slice(turn), ...block.slice(0, turn)];
}

const greatest = (a: number, b: number): number => (b === 0 ? a : greatest(b, a % b));
