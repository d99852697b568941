import type { GatewayConfig } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import { changedPaths } from "./compare.ts";

/** What a reload applies: sections, and keys of sections. Every other key needs a restart. */
export const livePaths: ReadonlySet<string> = new Set([
  "profile",
  "transport",
  "targets",
  "models",
  "routes",
  "timeouts",
  "limits",
  "concurrency",
  "prices",
  "outputMax",
  "breaker",
  "retry",
  "stream",
  "drain",
  "http.bodyBytesMax",
  "tls.files",
  "tls.certificates",
  "tls.minVersion",
  "tls.pq",
  "auth.required",
  "admin.allowFrom",
  "auditLog.requests",
  "auditLog.sync",
  "log.level",
]);

/**
 * Paths that differ between two configurations. Throws LL_CONFIG_RESTART_NEEDED, naming them, when
 * a running process cannot change one of them.
 */
export function liveChanges(before: GatewayConfig, after: GatewayConfig): readonly string[] {
  const changed = changedPaths(before, after);
  const fixed = changed.filter((path) => !isLive(path));
  if (fixed.length === 0) return changed;
  const message = `${fixed.join(", ")}: cannot change while the gateway runs; nothing was applied.`;
  throw gatewayErrors.make("LL_CONFIG_RESTART_NEEDED", message);
}

function isLive(path: string): boolean {
  const [section = ""] = path.split(".", 1);
  return livePaths.has(path) || livePaths.has(section);
}
