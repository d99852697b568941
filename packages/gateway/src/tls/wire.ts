import type { Clock } from "@loadline/kit/clock";
import type { GatewayConfig } from "../config/schema.ts";
import type { TlsFiles } from "./files.ts";
import { materialOf, readMaterial, type TlsMaterial } from "./material.ts";
import { type PreparedTls, Tls, type TlsDeps, type TlsHealth } from "./tls.ts";
import type { FrontTls } from "../front/front.ts";

/** TLS of a gateway; without a section it is nothing at all. */
export interface OpenedTls {
  readonly front: FrontTls | undefined;
  health(): { readonly tls?: TlsHealth };
  /** Contents in force. */
  files(): TlsFiles | undefined;
  /** Reads the files of a configuration to go over to. LL_TLS_*. */
  prepare(config: GatewayConfig): PreparedTls | undefined;
}

/**
 * Reads and checks the files of a configuration before anything else is opened. `kept` is what
 * other processes of this gateway serve with: it stands in for files that are bad by now. LL_TLS_*.
 */
export function readTls(
  config: GatewayConfig,
  clock: Clock,
  kept?: TlsFiles,
): TlsMaterial | undefined {
  if (!config.tls) return undefined;
  try {
    return readMaterial(config.tls, clock.wallMs());
  } catch (cause) {
    if (!kept) throw cause;
    // What is wrong with the files is found again, and told, as soon as they are looked at.
    return materialOf(config.tls, kept);
  }
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
    files: () => tls?.files,
    health: () => tls?.health() ?? {},
    prepare: (next) => (tls && next.tls ? tls.prepare(next.tls) : undefined),
  };
}
