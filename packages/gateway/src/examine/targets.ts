import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import type { GatewayConfig } from "../config/schema.ts";
import { createEgressDoors } from "../egress/doors.ts";
import { findProvider } from "../providers/index.ts";
import type { ProviderDeps } from "../providers/provider.ts";
import { openTarget } from "../routing/compile.ts";
import { probeStatus } from "../routing/probe.ts";
import { splitTarget } from "../routing/states.ts";
import type { FailureClass } from "../upstream/upstream.ts";
import { type PartFinding, partMsMax, wordsOf } from "./finding.ts";

export type ExamineDeps = Pick<ProviderDeps, "clock" | "random">;

/** Each target: an upstream is asked what its provider asks of all, a model's file is looked at. */
export async function examineTargets(
  config: GatewayConfig,
  { clock, random }: ExamineDeps,
): Promise<readonly PartFinding[]> {
  using folder = makeScratchFolder("ll-");
  const logger = createLogger({ clock, write: () => undefined, level: "silent" });
  const stop = new AbortController();
  const deps: ProviderDeps = {
    clock,
    random,
    logger,
    egress: createEgressDoors(config.egress, { clock, logger, metrics: createMetrics() }),
    signal: stop.signal,
    runDir: folder.path,
    connectTimeoutMs: Math.min(config.timeouts.connect, partMsMax),
  };
  try {
    const targets = Object.entries(config.targets);
    return await Promise.all(targets.map(([name, target]) => examineOne(name, target, deps)));
  } finally {
    stop.abort(new Error("the look is over"));
  }
}

async function examineOne(
  name: string,
  settings: GatewayConfig["targets"][string],
  deps: ProviderDeps,
): Promise<PartFinding> {
  const part = { id: `target ${name}`, required: false };
  const provider = findProvider(settings.provider);
  try {
    if (provider?.probe === undefined) {
      await provider?.check?.(splitTarget(settings).provider, new Set());
      return { ...part, found: true, detail: `${settings.provider}, in this machine's processes` };
    }
    const target = openTarget(name, settings, deps);
    const key = target.keys[0];
    const status = await probeStatus(target, { clock: deps.clock, timeoutMs: partMsMax, key });
    return { ...part, ...judged(status, provider.id, provider.probe.path) };
  } catch (cause) {
    // What cannot be opened, or lacks its file, ends a start.
    return { ...part, found: false, required: true, detail: wordsOf(cause) };
  }
}

/** Any answer below 500 is one, but a refused key lets no caller through. */
function judged(
  status: number | FailureClass,
  provider: string,
  path: string,
): Pick<PartFinding, "found" | "detail"> {
  const what = `${provider}, GET ${path}`;
  if (typeof status === "string") return { found: false, detail: `${what}: ${status}` };
  const isRefused = status === 401 || status === 403;
  const detail = `${what} answers ${status}${isRefused ? ": its key is refused" : ""}`;
  return { found: status < 500 && !isRefused, detail };
}
