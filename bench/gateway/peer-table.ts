/**
 * Other gateways for the same run. A row says how one is started and what its clients send; further
 * rows come from a JSON file, an array of the same shape, for gateways that were built elsewhere:
 *
 * ```json
 * [{ "name": "other 1.2", "command": ["/opt/other/gateway", "--listen", "127.0.0.1:{port}"],
 *    "environment": { "UPSTREAM": "{base}/v1" }, "ready": "/healthz",
 *    "headers": { "authorization": "Bearer none" }, "files": { "c.yaml": "upstream: {base}\n" } }]
 * ```
 *
 * `{port}`, `{base}` (the upstream's address without path) and `{dir}` (a folder of its own, with
 * `files` in it) are filled in.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isRecord } from "@loadline/kit/json";
import { installPortkey, portkeyVersion } from "./portkey-install.ts";

export interface Peer {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Path that answers 200 once it takes requests. */
  readonly ready: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  /** Folder to start it in; default its own. */
  readonly cwd?: string;
  /** Requests before the first round, and of each round; slow ones need fewer. */
  readonly warmRequests: number;
  readonly requestsPerRound: number;
  /** How long it may take until it is ready (ms). */
  readonly readyMs: number;
}

/** A row that cannot be started here, and why. */
export interface AbsentPeer {
  readonly name: string;
  readonly notTested: string;
}

const usual = {
  environment: {},
  ready: "/",
  headers: { authorization: "Bearer none" },
  files: {},
  warmRequests: 3000,
  requestsPerRound: 1500,
  readyMs: 30_000,
};

const litellmVersion = "1.106.2";

/** Every peer of the table, then those of `file`. */
export function peerTable(file?: string): readonly (Peer | AbsentPeer)[] {
  return [portkey(), litellm(), ...(file === undefined ? [] : readPeers(file))];
}

function portkey(): Peer | AbsentPeer {
  const name = `portkey ${portkeyVersion}`;
  const installed = installPortkey();
  if (typeof installed === "string") return { name, notTested: installed };
  return {
    ...usual,
    name,
    command: [process.execPath, installed.script, "--port={port}", "--headless"],
    environment: { NODE_ENV: "production" },
    headers: {
      authorization: "Bearer none",
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": "{base}/v1",
    },
    cwd: installed.folder,
  };
}

/** Its Python proxy without a database: one worker, no key, no callbacks. */
function litellm(): Peer | AbsentPeer {
  const name = `litellm ${litellmVersion}`;
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const parts = process.env["LOADLINE_PARTS"] ?? join(cache, "loadline/parts");
  const program = join(parts, `litellm-${litellmVersion}`, "bin/litellm");
  if (!existsSync(program))
    return { name, notTested: "not installed; get it: scripts/parts/litellm.sh" };
  const list = ["--config", "{dir}/c.yaml", "--host", "127.0.0.1", "--port", "{port}"];
  return {
    ...usual,
    name,
    command: [program, ...list, "--num_workers", "1"],
    environment: {
      LITELLM_LOCAL_MODEL_COST_MAP: "True",
      LITELLM_LOG: "ERROR",
      // Without it this version does not start without a key; loopback only, and for minutes.
      LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: "true",
    },
    ready: "/health/liveliness",
    files: {
      "c.yaml": [
        "model_list:",
        "  - model_name: bench",
        "    litellm_params: { model: openai/bench, api_base: '{base}/v1', api_key: none }",
        "litellm_settings: { num_retries: 0, telemetry: false }",
        "",
      ].join("\n"),
    },
    warmRequests: 300,
    requestsPerRound: 200,
    readyMs: 180_000,
  };
}

/** The rows of a file; throws for one that is not as described above. */
export function readPeers(file: string): readonly Peer[] {
  const rows: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!Array.isArray(rows)) throw new Error(`${file}: expected an array of peers`);
  return rows.map((row: unknown, i) => peerOf(row, `${file}: peer ${i}`));
}

const optional = ["environment", "headers", "files"] as const;

function peerOf(row: unknown, where: string): Peer {
  if (!isRecord(row)) throw new Error(`${where}: expected an object`);
  const known = ["name", "command", "ready", "cwd", ...optional, ...Object.keys(counts)];
  const unknown = Object.keys(row).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`${where}: unknown ${unknown.join(", ")}`);
  const { name, command, ready, cwd } = row;
  if (typeof name !== "string" || !Array.isArray(command) || command.length === 0)
    throw new Error(`${where}: needs name and command`);
  const maps = Object.fromEntries(
    optional.map((key) => [key, textsOf(row[key] ?? usual[key], `${where}.${key}`)]),
  );
  const numbers = Object.entries(counts).map(([key, fallback]) => [
    key,
    Number(row[key] ?? fallback),
  ]);
  return {
    ...usual,
    ...maps,
    ...Object.fromEntries(numbers),
    name,
    command: command.map(String),
    ...(typeof ready === "string" && { ready }),
    ...(typeof cwd === "string" && { cwd }),
  };
}

const counts = {
  warmRequests: usual.warmRequests,
  requestsPerRound: usual.requestsPerRound,
  readyMs: usual.readyMs,
};

function textsOf(value: unknown, where: string): Record<string, string> {
  if (!isRecord(value)) throw new Error(`${where}: expected an object`);
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}
