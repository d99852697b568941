import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { type GatewayDeps, loadConfig, operator } from "@loadline/gateway";
import { listenOnLoopback } from "@loadline/testkit";
import { completion, endJson } from "../../../packages/gateway/test/answers.ts";
import { openGateway } from "../../start-gateway.ts";
import type { World } from "./row.ts";

export interface Subject extends AsyncDisposable {
  readonly url: string;
  readonly world: World;
  /** Requests that reached an upstream. */
  readonly hits: readonly string[];
  logged(): string;
  /** Sends these bytes and resolves to all that comes back until the connection ends or rests. */
  send(bytes: string): Promise<Answer>;
  metrics(): Promise<string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly text: string;
}

const waitMs = 20_000;

/** A gateway behind one of its fronts, over an upstream that counts. */
export async function startSubject(
  front: "http1" | "node",
  controls: GatewayDeps["controls"] = {},
): Promise<Subject> {
  const hits: string[] = [];
  const upstream = createServer((request, response) => {
    hits.push(request.url ?? "");
    endJson(response, 200, completion());
  });
  const port = await listenOnLoopback(upstream);
  const stateDir = mkdtempSync(join(tmpdir(), "ll-bad-input-"));
  // The gateway's own call would meet a fault that is planted in a stage, and be counted.
  const selfProbe = { enabled: controls.stages === undefined };
  const config = loadConfig(undefined, {}, { ...settings(port, front), stateDir, selfProbe });
  const clock = systemClock();
  const text: string[] = [];
  const log = (line: string): void => void text.push(line);
  const gateway = await openGateway(config, { clock, random: systemRandom(), log, controls });
  const { url } = await gateway.start();
  const keys = gateway.identity.keys;
  const key = gateway.firstKey?.secret ?? "";
  const made = async (o: object): Promise<string> =>
    (await keys.create(operator(), { name: "k", ...o })).secret;
  const world = {
    key,
    other: await made({}),
    expired: await made({ expiresAt: clock.wallMs() + 1 }),
    narrow: await made({ routes: ["foreign"] }),
  };
  return {
    url,
    world,
    hits,
    logged: () => text.join(""),
    send: (bytes) => exchange(Number(new URL(url).port), bytes),
    async metrics() {
      const headers = { authorization: `Bearer ${key}` };
      return (await fetch(`${url}/metrics`, { headers })).text();
    },
    async [Symbol.asyncDispose]() {
      await gateway.close({ graceMs: 0 });
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function settings(port: number, front: "http1" | "node") {
  const baseUrl = `http://127.0.0.1:${port}/v1`;
  const compatible = {
    provider: "openai-compatible",
    model: "big",
    baseUrl,
    serves: ["chat", "messages"],
  };
  const models = ["m", "tight", "unpriced"];
  return {
    listen: { port: 0 },
    drain: { accept: 0, grace: 0 },
    telemetry: { overloadAfter: 0 },
    http: { front, bodyBytesMax: 131_072, head: "1500ms", request: "1500ms" },
    targets: {
      u: compatible,
      foreign: { ...compatible, serves: ["messages"] },
    },
    routes: {
      r: { models, groups: [{ targets: ["u"] }] },
      foreign: { models: ["foreign"], groups: [{ targets: ["foreign"] }] },
    },
    limits: [
      {
        scope: "model",
        match: "tight",
        resource: "tokens",
        limit: 1000,
        period: "1m",
        burst: 1000,
      },
      { scope: "model", match: "unpriced", resource: "money", limit: 1, period: "day" },
    ],
  };
}

function exchange(port: number, bytes: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
    let text = "";
    const done = (): void => {
      socket.destroy();
      resolve(parse(text));
    };
    socket.setEncoding("latin1");
    socket.setTimeout(waitMs, done);
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (isWhole(text)) done();
    });
    socket.on("close", done);
    socket.on("error", (cause) => (text === "" ? reject(cause) : done()));
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}

function parse(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...lines] = text.slice(0, Math.max(0, end)).split("\r\n");
  const headers = lines.map((one): [string, string] => {
    const colon = one.indexOf(":");
    return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
  });
  return {
    status: Number(line.split(" ")[1] ?? 0),
    headers: Object.fromEntries(headers),
    body: end < 0 ? "" : text.slice(end + 4),
    text,
  };
}
