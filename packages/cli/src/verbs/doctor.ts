import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { createEgress, parseHttpUrl } from "@loadline/kit/egress";
import { findModel, findReportAssets } from "../assets.ts";
import { createPaint, isColoured } from "../terminal/colour.ts";
import type { CliHost, ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

/** One part or tool. `required` parts missing make Loadline fail; tools missing cost tests. */
export interface Finding {
  readonly id: string;
  readonly found: boolean;
  readonly required: boolean;
  /** Where it is, or what is lost without it. */
  readonly detail: string;
}

const localGateway = "http://127.0.0.1:8080";
const connectMs = 300;

const tools: readonly { id: string; names: readonly string[]; lost: string }[] = [
  {
    id: "chromium",
    names: ["chromium", "chromium-browser", "google-chrome"],
    lost: "the report in a real browser becomes not tested",
  },
  { id: "k6", names: ["k6"], lost: "load figures beside those of k6 become not tested" },
  {
    id: "locust",
    names: ["locust"],
    lost: "load figures beside those of Locust become not tested",
  },
  { id: "podman", names: ["podman"], lost: "containers of podman in a plan become not tested" },
  { id: "docker", names: ["docker"], lost: "containers of docker in a plan become not tested" },
  { id: "wrk", names: ["wrk"], lost: "the load engine's cost against wrk becomes not tested" },
  {
    id: "llama-server",
    names: ["llama-server"],
    lost: "a run against an independent model server becomes not tested",
  },
];

/** Lists parts and tools; reads no environment value into its output but paths of tools. */
export async function runDoctor({ host, json }: VerbContext): Promise<ExitCode> {
  const findings = [
    nodeFinding(host),
    await moduleFinding("sqlite", "node:sqlite", "the gateway's state cannot be kept"),
    await addonFinding(host),
    modelFinding(),
    reportFinding(),
    ...tools.map((tool) => toolFinding(host, tool)),
    await gatewayFinding(host),
  ];
  const isBroken = findings.some((one) => one.required && !one.found);
  if (json) {
    host.stdout.write(`${JSON.stringify({ ok: !isBroken, findings }, null, 2)}\n`);
    return isBroken ? 3 : 0;
  }
  const paint = createPaint(isColoured(host, host.stdout));
  for (const one of findings) {
    const colour = one.found ? "green" : one.required ? "red" : "yellow";
    const mark = one.found ? "+" : one.required ? "x" : "o";
    host.stdout.write(`${paint(colour, mark)} ${one.id.padEnd(14)} ${one.detail}\n`);
  }
  return isBroken ? 3 : 0;
}

function nodeFinding(host: CliHost): Finding {
  const { node, platform, arch } = host.runtime;
  return { id: "node", found: true, required: true, detail: `${node} on ${platform} ${arch}` };
}

async function moduleFinding(id: string, name: string, lost: string): Promise<Finding> {
  try {
    await import(name);
    return { id, found: true, required: true, detail: `${name} loads` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { id, found: false, required: true, detail: `${lost} (${why})` };
  }
}

async function addonFinding(host: CliHost): Promise<Finding> {
  const { platform, arch } = host.runtime;
  const system = platform === "darwin" ? "mac" : platform;
  const suffix = platform === "darwin" && arch === "arm64" ? "-metal" : "";
  const name = `@node-llama-cpp/${system}-${arch}${suffix}`;
  const lost = `${name}: in-process models do not start`;
  try {
    // The gateway owns the dependency, so it is looked up from where the gateway lies.
    const from = import.meta.resolve("node-llama-cpp");
    const found = existsSync(addonPath(from, name));
    return { id: "model addon", found, required: true, detail: found ? name : lost };
  } catch {
    return bundledAddon(name, lost);
  }
}

function addonPath(from: string, name: string): URL {
  return new URL(`../../${name}/package.json`, from);
}

function bundledAddon(name: string, lost: string): Finding {
  try {
    import.meta.resolve(name);
    return { id: "model addon", found: true, required: true, detail: name };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { id: "model addon", found: false, required: true, detail: `${lost} (${why})` };
  }
}

function modelFinding(): Finding {
  const path = findModel();
  const part = { id: "model file", required: true };
  if (path === undefined) return { ...part, found: false, detail: "the built-in model is missing" };
  const sums = join(dirname(path), "SHA256SUMS");
  const wanted = existsSync(sums) ? readFileSync(sums, "utf8") : "";
  const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
  const found = wanted.includes(digest);
  const detail = found ? `${basename(path)} sha256 ${digest.slice(0, 12)}` : "checksum differs";
  return { ...part, found, detail };
}

function reportFinding(): Finding {
  const found = findReportAssets() !== undefined;
  const detail = found ? "built" : "not built: run `npm start` or `npm run build`";
  return { id: "report page", found, required: true, detail };
}

function toolFinding(host: CliHost, tool: (typeof tools)[number]): Finding {
  const dirs = (host.env["PATH"] ?? "").split(delimiter).filter((dir) => dir !== "");
  const path = dirs
    .flatMap((dir) => tool.names.map((name) => join(dir, name)))
    .find((candidate) => isExecutable(candidate));
  const detail = path ?? `missing: ${tool.lost}`;
  return { id: tool.id, found: path !== undefined, required: false, detail };
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    // A folder can be entered, which is the same bit.
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function gatewayFinding(host: CliHost): Promise<Finding> {
  const found = await isListening(host, localGateway);
  const detail = found ? `${localGateway} listens` : `${localGateway} does not listen`;
  return { id: "gateway", found, required: false, detail };
}

function isListening(host: CliHost, url: string): Promise<boolean> {
  const socket = createEgress({ allowHosts: ["127.0.0.1"] }).connect(parseHttpUrl(url));
  return new Promise((resolve) => {
    const timer = host.clock.after(connectMs, () => finish(false));
    const finish = (answer: boolean): void => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}
