import { join, relative } from "node:path";
import { createGateway, embeddedConfig } from "@loadline/gateway";
import type { Gateway } from "@loadline/gateway";
import { quickPlan, fullPlan } from "@loadline/validator";
import type { RunPlan } from "@loadline/contract";
import { modelPath } from "../assets.ts";
import { choosePort, defaultPort } from "../free-port.ts";
import { ensureLocalKey, type LocalKey } from "../local-key.ts";
import { untilAborted, watchInterrupt } from "../process/interrupt.ts";
import type { CliHost, ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { validateAndShow } from "../validation.ts";
import { toolVersion } from "../version.ts";
import { useLines } from "./up-use.ts";
import type { VerbContext } from "./verb.ts";

/** Nobody but the validation has used a gateway that ends with it. */
const graceMsOnce = 100;
const readyMs = 60_000;
const portMax = 65_535;

/** The main job: serve, validate through the own socket, show the verdict, keep serving. */
export async function runUp(context: VerbContext): Promise<ExitCode> {
  const { host, args, stateDir } = context;
  const port = await portFor(context);
  using interrupt = watchInterrupt(host, "stopping (again: stop at once)");
  const config = embeddedConfig({ port, stateDir, modelPath: modelPath() });
  const gateway = await createGateway(
    { ...config, log: { level: "warn" } },
    {
      clock: host.clock,
      random: host.random,
      log: (text) => host.stderr.write(text),
      logWaitingBytes: () => host.stderr.waitingBytes?.() ?? 0,
      version: toolVersion,
    },
  );
  let graceMs = config.drain.grace;
  try {
    const { url } = await gateway.start();
    const afterMs = Math.round(host.clock.monotonicMs() - host.startedMs);
    host.stderr.write(`serving ${url} after ${afterMs} ms\n`);
    const key = await ensureLocalKey(gateway, (cause) =>
      host.stderr.write(`${cleanText(String(cause))}\n`),
    );
    await untilReady(host, gateway, interrupt.signal);
    const exit = await validateSelf(context, { url, key, signal: interrupt.signal });
    if (args.has("once") || interrupt.signal.aborted) {
      graceMs = graceMsOnce;
      return exit;
    }
    showUse(context, url, key);
    host.stderr.write("serving until Ctrl-C or SIGTERM\n");
    await untilAborted(interrupt.signal);
    return 0;
  } finally {
    await gateway.close({ graceMs });
  }
}

async function portFor({ host, args }: VerbContext): Promise<number> {
  const port = await choosePort(args.count("port", { min: 0, max: portMax }));
  if (port === 0 && args.text("port") === undefined) {
    host.stderr.write(`port ${defaultPort} is in use; taking a free one\n`);
  }
  return port;
}

/** A model that never gets ready must not keep the verdict away: then its claims fail. */
async function untilReady(host: CliHost, gateway: Gateway, stop: AbortSignal): Promise<void> {
  const patience = new AbortController();
  const timer = host.clock.after(readyMs, () => patience.abort());
  try {
    await gateway.whenReady(AbortSignal.any([stop, patience.signal]));
  } catch (error) {
    if (!patience.signal.aborted) throw error;
    host.stderr.write(`the model is not ready after ${readyMs} ms; validating what is there\n`);
  } finally {
    timer.cancel();
  }
}

interface Self {
  readonly url: string;
  readonly key: LocalKey;
  readonly signal: AbortSignal;
}

async function validateSelf(context: VerbContext, self: Self): Promise<ExitCode> {
  const { host, args, stateDir, json } = context;
  const profile = args.text("profile") === "full" ? "full" : "quick";
  const result = await validateAndShow(host, {
    plan: selfPlan(self.url, profile),
    apiKey: self.key.secret,
    runsDir: join(stateDir, "runs"),
    title: `loadline up  ${profile}  ${self.url}`,
    again: ["loadline", ...host.argv],
    json,
    selftestDir: join(stateDir, "selftest"),
    signal: self.signal,
  });
  return result.exitCode;
}

function selfPlan(url: string, profile: "quick" | "full"): RunPlan {
  const make = profile === "full" ? fullPlan : quickPlan;
  return make({
    baseUrl: `${url}/v1`,
    name: "loadline up",
    apiKeyEnv: "LOADLINE_API_KEY",
    unknownModel: "refused",
    healthPath: "/healthz",
    embeddingsModel: modelName,
    model: modelName,
  });
}

const modelName = "tiny";

/** The key itself is shown when it was just made and somebody looks at a terminal: never in a log. */
function showUse({ host, json }: VerbContext, url: string, key: LocalKey): void {
  const out = json ? host.stderr : host.stdout;
  const file = nearPath(host, key.path);
  const isShown = key.isNew && out.isTty;
  const label = isShown ? `${key.secret}  (shown this once; kept in ${file})` : `in ${file}`;
  out.write(useLines({ url, label, file, model: modelName }));
}

function nearPath(host: CliHost, path: string): string {
  const near = relative(host.cwd, path);
  return near.startsWith("..") ? path : near;
}
