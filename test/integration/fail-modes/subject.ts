import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { startGatewayProcess } from "../gateway-process.ts";

/** One answer to a call of the load. */
export interface Sample {
  readonly status: number;
  readonly tookMs: number;
  readonly isDegraded: boolean;
}

/** One line of the log. */
export interface LogLine {
  /** Wall-clock ms. */
  readonly atMs: number;
  /** The line without its time and figures. */
  readonly signature: string;
}

/** A gateway in a process of its own whose dependency is taken away. */
export interface FailModeSubject extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly pid: number;
  readonly stateDir: string;
  /** One chat; a call without an answer within 10 s rejects. */
  call(): Promise<Sample>;
  /** States of all components that /health shows, and its status. */
  health(): Promise<{ status: number; states: Readonly<Record<string, string>> }>;
  /** Status of a chat that fails inside, as nobody foresaw. */
  fail(): Promise<number>;
  /** Status of /readyz. */
  ready(): Promise<number>;
  rssBytes(): number;
  logged(): readonly LogLine[];
}

const hangMs = 10_000;
const kib = 1024;
const brokenModel = "broken";
const bodyOf = (model: string): string =>
  JSON.stringify({ model, messages: [{ role: "user", content: "hi" }], max_tokens: 3 });
const body = bodyOf("sim");

/**
 * Starts a gateway with these stores and other settings; one of its models answers at once, the other
 * makes each call fail inside. Its limits admit the load.
 */
export async function startSubject(
  clock: Clock,
  stores: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Promise<FailModeSubject> {
  const stateDir = mkdtempSync(join(tmpdir(), "ll-fail-"));
  const lines: string[] = [];
  const keep = (line: string): void => {
    if (lines.length < 10_000) lines.push(line);
  };
  const config = { ...configOf(stateDir, stores), ...more };
  const gateway = await startGatewayProcess(config, keep, brokenModel);
  const headers = {
    authorization: `Bearer ${gateway.key}`,
    "content-type": "application/json",
  };
  const chat = (sent: string): Promise<Response> => {
    const signal = AbortSignal.timeout(hangMs);
    const url = `${gateway.url}/v1/chat/completions`;
    return fetch(url, { method: "POST", headers, body: sent, signal });
  };
  return {
    url: gateway.url,
    key: gateway.key,
    pid: gateway.child.pid ?? -1,
    stateDir,
    async call() {
      const startMs = clock.monotonicMs();
      const answer = await chat(body);
      await answer.arrayBuffer();
      const tookMs = clock.monotonicMs() - startMs;
      const isDegraded = answer.headers.get("x-loadline-degraded") !== null;
      return { status: answer.status, tookMs, isDegraded };
    },
    async health() {
      const answer = await fetch(`${gateway.url}/health`, { signal: AbortSignal.timeout(hangMs) });
      return { status: answer.status, states: statesOf(await answer.json()) };
    },
    async fail() {
      const answer = await chat(bodyOf(brokenModel));
      await answer.arrayBuffer();
      return answer.status;
    },
    async ready() {
      const answer = await fetch(`${gateway.url}/readyz`, { signal: AbortSignal.timeout(hangMs) });
      await answer.arrayBuffer();
      return answer.status;
    },
    rssBytes() {
      const text = readFileSync(`/proc/${gateway.child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * kib;
    },
    logged: () => lines.map(lineOf),
    async [Symbol.asyncDispose]() {
      await gateway.kill();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function configOf(stateDir: string, stores: Record<string, unknown>): Record<string, unknown> {
  return {
    stateDir,
    listen: { port: 0 },
    drain: { accept: 0, grace: 0 },
    log: { level: "warn" },
    targets: { s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 } },
    routes: { sim: { models: ["sim", brokenModel], groups: [{ targets: ["s"] }] } },
    limits: [
      { scope: "key", resource: "requests", limit: 60_000, period: "1m", burst: 1000 },
      { scope: "global", resource: "tokens", limit: 6_000_000, period: "1m" },
      { scope: "key", resource: "money", limit: 1000, period: "day" },
      { scope: "key", resource: "concurrency", limit: 200 },
    ],
    prices: { sim: { input: 0, output: 1 }, [brokenModel]: { input: 0, output: 1 } },
    stores,
  };
}

function statesOf(health: unknown): Record<string, string> {
  const components = isRecord(health) ? health["components"] : undefined;
  if (!isRecord(components)) return {};
  return Object.fromEntries(
    Object.entries(components).map(([name, one]) => [
      name,
      isRecord(one) ? String(one["state"]) : "",
    ]),
  );
}

function lineOf(line: string): LogLine {
  const time = /"time":"([^"]*)"/.exec(line);
  const atMs = Date.parse(time?.[1] ?? "") || 0;
  return { atMs, signature: line.replace(time?.[0] ?? "", "").replaceAll(/\d+/g, "0") };
}
