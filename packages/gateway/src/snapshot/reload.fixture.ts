import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import type { GatewayConfig } from "../config/schema.ts";
import { createGateway, type Gateway, loadConfig } from "../index.ts";
import type { ReloadReport } from "./reloader.ts";

export type Settings = Readonly<Record<string, unknown>>;

/** A gateway over a configuration file that a test rewrites. */
export interface Reloadable extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly url: string;
  readonly key: string;
  /** Writes the file (an object as JSON, one key a line) and reloads. */
  reload(settings: Settings | string): Promise<ReloadReport>;
  /** Writes the file only. */
  write(settings: Settings | string): void;
  chat(body?: Settings, headers?: Readonly<Record<string, string>>): Promise<Response>;
  get(path: string): Promise<Response>;
  metrics(): Promise<string>;
  logged(): string;
}

/** One route `r` with the model `m` over these base URLs in order, as targets `u0`, `u1`, ... */
export function over(...baseUrls: readonly string[]): Settings {
  const names = baseUrls.map((_, i) => `u${i}`);
  const target = (baseUrl: string) => ({ provider: "openai-compatible", model: "big", baseUrl });
  return {
    targets: Object.fromEntries(baseUrls.map((baseUrl, i) => [`u${i}`, target(baseUrl)])),
    routes: { r: { models: ["m"], groups: [{ targets: names }] } },
  };
}

/** One route `r` with the model `m` over simulated targets with these settings. */
export function simulated(more: Settings = {}): Settings {
  const target = { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6, ...more };
  return { targets: { s: target }, routes: { r: { models: ["m"], groups: [{ targets: ["s"] }] } } };
}

interface ReloadableOptions {
  /** What becomes of a configuration that was read and is good; only a saboteur changes it. */
  readonly taken?: (config: GatewayConfig) => GatewayConfig;
  /** Settings beside the file; default: a drain that waits for nothing. */
  readonly beside?: Settings;
}

const noDrain: Settings = { drain: { accept: 0, grace: 0 } };

export async function runReloadable(
  settings: Settings,
  o: ReloadableOptions = {},
): Promise<Reloadable> {
  const dir = mkdtempSync(join(tmpdir(), "ll-reload-"));
  const path = join(dir, "loadline.yaml");
  const text: string[] = [];
  const write = (next: Settings | string): void =>
    writeFileSync(path, typeof next === "string" ? next : JSON.stringify(next, undefined, 1));
  write(settings);
  const own = {
    stateDir: join(dir, "state"),
    listen: { port: 0 },
    telemetry: { overloadAfter: 0 },
    ...(o.beside ?? noDrain),
  };
  const readConfig = (): GatewayConfig => {
    const config = loadConfig(path, {}, own);
    return o.taken?.(config) ?? config;
  };
  const gateway = await createGateway(readConfig(), {
    clock: systemClock(),
    random: systemRandom(),
    log: (line) => void text.push(line),
    readConfig,
  });
  const { url } = await gateway.start();
  const key = gateway.firstKey?.secret ?? "";
  const authorization = `Bearer ${key}`;
  const get = (of: string): Promise<Response> => fetch(url + of, { headers: { authorization } });
  return {
    gateway,
    url,
    key,
    write,
    get,
    reload(next) {
      write(next);
      return gateway.reload();
    },
    chat(body = {}, headers = { authorization }) {
      const chat = { model: "m", messages: [{ role: "user", content: "hi" }], ...body };
      return fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(chat),
      });
    },
    metrics: async () => (await get("/metrics")).text(),
    logged: () => text.join(""),
    async [Symbol.asyncDispose]() {
      await gateway.close({ graceMs: 0 });
      // The gateway may still write there for a moment.
      rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}
