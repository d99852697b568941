import type { GatewayConfig } from "../config/schema.ts";
import type { ProviderDeps } from "../providers/provider.ts";
import { openTarget } from "../routing/compile.ts";
import type { Target } from "../routing/routes.ts";
import { splitTarget } from "../routing/states.ts";
import { isSame } from "./compare.ts";

export type TargetDeps = Omit<ProviderDeps, "connectTimeoutMs">;

export interface NextTargets {
  readonly targets: ReadonlyMap<string, Target>;
  /** Of them, those that were opened now. */
  readonly opened: readonly Target[];
}

/**
 * The targets of a configuration: one whose provider's settings are as before stays open with its
 * connections, others are opened. When one cannot be opened those before it are closed again and its
 * error is thrown.
 */
export function nextTargets(
  config: GatewayConfig,
  before: { readonly config: GatewayConfig; readonly targets: ReadonlyMap<string, Target> },
  deps: TargetDeps,
): NextTargets {
  const targets = new Map<string, Target>();
  const opened: Target[] = [];
  const all: ProviderDeps = { ...deps, connectTimeoutMs: config.timeouts.connect };
  const isConnectSame = config.timeouts.connect === before.config.timeouts.connect;
  try {
    for (const [name, settings] of Object.entries(config.targets)) {
      const kept = before.targets.get(name);
      const was = splitTarget(before.config.targets[name] ?? {}).provider;
      if (kept && isConnectSame && isSame(was, splitTarget(settings).provider)) {
        targets.set(name, kept);
        continue;
      }
      const target = openTarget(name, settings, all);
      opened.push(target);
      targets.set(name, target);
    }
  } catch (cause) {
    for (const target of opened) void target.upstream.close();
    throw cause;
  }
  return { targets, opened };
}
