import type { Clock } from "@loadline/kit/clock";
import type { GatewayConfig } from "../config/schema.ts";
import { readMaterial, type TlsMaterial } from "./material.ts";
import { type PreparedTls, Tls, type TlsDeps, type TlsHealth } from "./tls.ts";
import type { FrontTls } from "../front/front.ts";

/** TLS of a gateway; without a section it is nothing at all. */
export interface OpenedTls {
  readonly front: FrontTls | undefined;
  health(): { readonly tls?: TlsHealth };
  /** Reads the files of a configuration to go over to. LL_TLS_*. */
  prepare(config: GatewayConfig): PreparedTls | undefined;
}

/** Reads and checks the files of a configuration before anything else is opened. LL_TLS_*. */
export function readTls(config: GatewayConfig, clock: Clock): TlsMaterial | undefined {
  return config.tls ? readMaterial(config.tls, clock.wallMs()) : undefined;
}

/** Begins to serve with what `readTls` read. */
export function openTls(
  config: GatewayConfig,
  material: TlsMaterial | undefined,
  deps: TlsDeps,
): OpenedTls {
  const tls = config.tls && material ? new Tls(config.tls, material, deps) : undefined;
  return {
    front: tls?.front,
    health: () => tls?.health() ?? {},
    prepare: (next) => (tls && next.tls ? tls.prepare(next.tls) : undefined),
  };
}
