import { mkdtempSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { removeFolder, serveOnLoopback } from "@loadline/testkit";
import type { Controls } from "../src/controls.ts";
import { createGateway, type Gateway, loadConfig } from "../src/index.ts";

export interface Running extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly url: string;
  readonly key: string;
  readonly stateDir: string;
  /** Everything logged so far. */
  logged(): string;
  post(path: string, body: unknown, o?: RequestInit): Promise<Response>;
  get(path: string): Promise<Response>;
  /** Sends bytes on a socket of its own and resolves to all that comes back. */
  raw(bytes: string): Promise<string>;
}

export function temporaryDir(): string {
  return mkdtempSync(join(tmpdir(), "ll-test-"));
}

/** A gateway on a free port, by default with one simulated model `sim`. */
export async function runGateway(
  overrides: Record<string, unknown> = {},
  stateDir: string = temporaryDir(),
  controls: Partial<Controls> = {},
): Promise<Running> {
  const text: string[] = [];
  const config = loadConfig(
    undefined,
    {},
    {
      stateDir,
      listen: { port: 0 },
      drain: { accept: 0, grace: 0 },
      // A machine that runs other suites beside this one comes late to everything.
      telemetry: { overloadAfter: 0 },
      targets: { s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 } },
      routes: { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } },
      ...overrides,
    },
  );
  const log = (line: string): void => void text.push(line);
  const deps = { clock: systemClock(), random: systemRandom(), log, controls };
  const gateway = await createGateway(config, deps);
  const { url } = await gateway.start();
  const key = gateway.firstKey?.secret ?? "";
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return {
    gateway,
    url,
    key,
    stateDir,
    logged: () => text.join(""),
    post: (path, body, o = {}) =>
      fetch(url + path, {
        method: "POST",
        headers,
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...o,
      }),
    get: (path) => fetch(url + path, { headers }),
    raw: (bytes) => exchange(Number(new URL(url).port), bytes),
    async [Symbol.asyncDispose]() {
      await gateway.close({ graceMs: 0 });
      removeFolder(stateDir);
    },
  };
}

function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => void (text += chunk));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

export interface Upstream extends AsyncDisposable {
  readonly baseUrl: string;
  readonly bodies: string[];
  readonly requests: IncomingMessage[];
}

/** A real HTTP server on loopback that answers by `answer`. */
export async function runUpstream(
  answer: (response: ServerResponse, body: string, request: IncomingMessage) => void,
): Promise<Upstream> {
  const bodies: string[] = [];
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => void (body += chunk));
    request.on("end", () => {
      bodies.push(body);
      requests.push(request);
      answer(response, body, request);
    });
  });
  const serving = await serveOnLoopback(server);
  return { ...serving, baseUrl: `${serving.url}/v1`, bodies, requests };
}

/** Overrides with one route `m` over OpenAI-shaped targets at these base URLs, in order. */
export function overUpstreams(...baseUrls: readonly string[]): Record<string, unknown> {
  const entries = baseUrls.map((baseUrl, i) => [
    `u${i}`,
    { provider: "openai-compatible", model: "big", baseUrl },
  ]);
  const targets: unknown = Object.fromEntries(entries);
  const names = baseUrls.map((_, i) => `u${i}`);
  return { targets, routes: { r: { models: ["m"], groups: [{ targets: names }] } } };
}

/** `code` inside an OpenAI error envelope. */
export async function errorCode(response: Response): Promise<string> {
  const value: unknown = await response.json();
  if (typeof value !== "object" || value === null || !("error" in value)) return "no envelope";
  const { error } = value;
  if (typeof error !== "object" || error === null || !("code" in error)) return "no code";
  const isWhole = "message" in error && "type" in error && "param" in error;
  return isWhole ? String(error.code) : "incomplete envelope";
}
