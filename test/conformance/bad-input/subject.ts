import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { type GatewayDeps, type KeyService, loadConfig, operator } from "@loadline/gateway";
import { listenOnLoopback } from "@loadline/testkit";
import { drawKey, formatKey } from "../../../packages/gateway/src/identity/keys/key-format.ts";
import { completion, endJson } from "../../../packages/gateway/test/answers.ts";
import type { TlsFolder } from "../../../packages/gateway/test/tls.ts";
import { openGateway } from "../../start-gateway.ts";
import { openTls } from "../smuggling/world.ts";
import { request, type World } from "./row.ts";

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
  /** The gateway ended the connection. */
  readonly isClosed: boolean;
}

const waitMs = 20_000;

/** A gateway behind one of its fronts, over an upstream that counts. */
export async function startSubject(
  front: "http1" | "node",
  controls: GatewayDeps["controls"] = {},
  tls?: TlsFolder,
): Promise<Subject> {
  const hits: string[] = [];
  const upstream = createServer((request, response) => {
    hits.push(request.url ?? "");
    endJson(response, 200, completion());
  });
  const port = await listenOnLoopback(upstream);
  const stateDir = mkdtempSync(join(tmpdir(), "ll-bad-input-"));
  const config = loadConfig(
    undefined,
    {},
    {
      ...settings(port, front),
      ...(tls && { tls: tls.section() }),
      stateDir,
    },
  );
  const clock = systemClock();
  const text: string[] = [];
  const log = (line: string): void => void text.push(line);
  const gateway = await openGateway(config, { clock, random: systemRandom(), log, controls });
  const { url } = await gateway.start();
  const ownPort = Number(new URL(url).port);
  const open = (): Socket => (tls ? openTls(ownPort, tls) : connect(ownPort, "127.0.0.1"));
  const keys = gateway.identity.keys;
  const key = gateway.firstKey?.secret ?? "";
  const made = async (o: object): Promise<string> =>
    (await keys.create(operator(), { name: "k", ...o })).secret;
  const world = {
    key,
    other: await made({}),
    expired: await made({ expiresAt: clock.wallMs() + 1 }),
    narrow: await made({ routes: ["foreign"] }),
    ...(await badKeys(gateway.identity.keys, clock.wallMs())),
  };
  return {
    url,
    world,
    hits,
    logged: () => text.join(""),
    send: (bytes) => exchange(open(), bytes),
    async metrics() {
      const lines = ["GET /metrics HTTP/1.1", "host: a", `authorization: Bearer ${key}`];
      return (await exchange(open(), request(lines))).body;
    },
    async [Symbol.asyncDispose]() {
      await gateway.close({ graceMs: 0 });
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

const hourMs = 3_600_000;

/** Keys that are well-formed and refused, each for a reason of its own. */
async function badKeys(keys: KeyService, nowMs: number) {
  const made = (o: object) => keys.create(operator(), { name: "k", ...o });
  const rotated = await made({});
  await keys.rotate(operator(), rotated.id, { overlapMs: 0 });
  const revoked = await made({});
  await keys.revoke(operator(), revoked.id);
  const secretOf = async (o: object): Promise<string> => (await made(o)).secret;
  return {
    unknown: formatKey(drawKey("local", systemRandom())),
    ended: rotated.secret,
    revoked: revoked.secret,
    notYet: await secretOf({ notBefore: nowMs + hourMs }),
    elsewhere: await secretOf({ ips: ["192.0.2.0/24"] }),
    bound: await secretOf({ boundTo: `sha256:${"ab".repeat(32)}` }),
    scraper: await secretOf({ roles: ["scraper"] }),
    otherModel: await secretOf({ models: ["foreign"] }),
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
    // Its own calls would be counted among the faults that a test plants.
    selfProbe: { enabled: false },
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

/** An answer that says its connection is closed is over when that is so. */
export function exchange(socket: Socket, bytes: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, "latin1");
    let text = "";
    let isClosed = false;
    const done = (): void => {
      socket.destroy();
      resolve({ ...parse(text), isClosed });
    };
    socket.setEncoding("latin1");
    socket.setTimeout(waitMs, done);
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (isWhole(text) && !/\r\nconnection: close\r\n/i.test(text)) done();
    });
    socket.on("close", () => {
      isClosed = true;
      done();
    });
    socket.on("error", (cause) => {
      if (text === "") reject(cause);
      isClosed = true;
      done();
    });
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}

function parse(text: string): Omit<Answer, "isClosed"> {
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
