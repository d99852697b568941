import { type IpRanges, parseRanges } from "@loadline/kit/ip-ranges";
import type { GatewayConfig } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import { compileRoutes } from "../routing/compile.ts";
import type { RouteTable, Target } from "../routing/routes.ts";
import { streamSettings } from "../stream/config.ts";
import type { StreamSettings } from "../stream/settings.ts";
import { digestOf } from "./compare.ts";
import type { MetricNames } from "./names.ts";

/** A configuration as the stages read it; never changed once made. */
export interface Snapshot {
  readonly config: GatewayConfig;
  /** The same for equal configurations, whatever process reads them. */
  readonly digest: string;
  readonly targets: ReadonlyMap<string, Target>;
  readonly routes: RouteTable;
  readonly bodyBytesMax: number;
  readonly isKeyRequired: boolean;
  readonly adminFrom: IpRanges;
  readonly stream: StreamSettings;
}

/** The one reference to what is in force. */
export interface Live {
  readonly current: Snapshot;
}

/** Compiles a checked configuration over its opened targets. LL_CONFIG_INVALID. */
export function compileSnapshot(
  config: GatewayConfig,
  targets: ReadonlyMap<string, Target>,
  names?: Pick<MetricNames, "routes">,
): Snapshot {
  const adminFrom = parseRanges(config.admin.allowFrom);
  if (typeof adminFrom === "string")
    throw gatewayErrors.make("LL_CONFIG_INVALID", `admin.allowFrom: ${adminFrom} is no range.`);
  return {
    config,
    digest: digestOf(config),
    targets,
    routes: compileRoutes(config, targets, names?.routes),
    bodyBytesMax: config.http.bodyBytesMax,
    isKeyRequired: config.auth.required,
    adminFrom,
    stream: streamSettings(config.stream),
  };
}
