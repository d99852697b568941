import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { RunPlan } from "@loadline/contract";
import { examineParts } from "@loadline/gateway";
import { findModel, findReportAssets } from "../assets.ts";
import { readPlanAlone } from "../plan-options.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { createPaint, isColoured } from "../terminal/colour.ts";
import type { CliHost, ExitCode } from "../process/host.ts";
import { toolPath } from "../process/tool-path.ts";
import { endpointsOf, keyNamesOf, lookAt, type SeenEndpoint } from "./doctor-endpoints.ts";
import { planRows } from "./plan.ts";
import { serveConfig } from "./serve.ts";
import type { VerbContext } from "./verb.ts";

/** One part, tool, endpoint, key or claim. `required` parts missing make Loadline fail; tools missing cost tests. */
export interface Finding {
  readonly id: string;
  readonly found: boolean;
  readonly required: boolean;
  /** Where it is, or what is lost without it. */
  readonly detail: string;
}

const localGateway = { id: "gateway", host: "127.0.0.1", port: 8080 };

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

/**
 * Lists parts, tools, live endpoints, what a gateway's configuration needs and what a plan would
 * leave not tested. No value of the environment reaches its output but paths of tools and hosts.
 * @throws as a plan file and a configuration do
 */
export async function runDoctor(context: VerbContext): Promise<ExitCode> {
  const { host, json } = context;
  const findings = [
    nodeFinding(host),
    await moduleFinding("sqlite", "node:sqlite", "the gateway's state cannot be kept"),
    await addonFinding(host),
    modelFinding(),
    reportFinding(),
    ...tools.map((tool) => toolFinding(host, tool)),
    ...(await gatewayFindings(context)),
    ...(await liveFindings(context)),
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
    const detail = cleanText(one.detail);
    host.stdout.write(`${paint(colour, mark)} ${one.id.padEnd(14)} ${detail}\n`);
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
  const path = toolPath(host, tool.names);
  const detail = path ?? `missing: ${tool.lost}`;
  return { id: tool.id, found: path !== undefined, required: false, detail };
}

/** What a configured gateway needs, asked for real; nothing without `--config`. */
async function gatewayFindings(context: VerbContext): Promise<readonly Finding[]> {
  if (context.args.text("config") === undefined) return [];
  const { clock, random } = context.host;
  return await examineParts(await serveConfig(context), { clock, random });
}

/** The gateway that `up` and `serve` start, and, of a plan, all it sends to and all it lacks. */
async function liveFindings(context: VerbContext): Promise<Finding[]> {
  const { host, args } = context;
  const isAsked = args.text("plan") !== undefined || args.text("target") !== undefined;
  const plan = isAsked ? (await readPlanAlone(host, args)).plan : undefined;
  const planned = plan === undefined ? [] : endpointsOf(plan);
  const own = args.text("config") === undefined ? [localGateway] : [];
  const asked = plan === undefined ? own : planned;
  const seen = (await lookAt(host, asked)).map(endpointFinding);
  return plan === undefined ? seen : [...seen, ...keyFindings(host, plan), ...claimFindings(plan)];
}

function endpointFinding({ id, host, port, listens }: SeenEndpoint): Finding {
  const one = { id, found: listens, required: false };
  if (port === null) return { ...one, detail: `${host}: not looked at, it names no TCP port` };
  const where = `${host}:${port}`;
  return { ...one, detail: listens ? `${where} listens` : `${where} does not listen` };
}

function keyFindings({ env }: CliHost, plan: RunPlan): Finding[] {
  return keyNamesOf(plan).map((name) => {
    const found = (env[name] ?? "") !== "";
    const detail = found ? `${name} is set` : `${name} is not set: the run is refused`;
    return { id: "api key", found, required: false, detail };
  });
}

/** Claims that would be not tested, or that the planned samples cannot prove. */
function claimFindings(plan: RunPlan): Finding[] {
  const open = planRows(plan).filter(({ provable }) => !provable);
  return open.map(({ claim, problem }) => ({
    id: "claim",
    found: false,
    required: false,
    detail: `${claim}: ${problem}`,
  }));
}
