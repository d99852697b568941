import { Secret } from "../config/values.ts";
import type { GatewayConfig } from "../config/schema.ts";

const secretMember = "$secret";

/** A configuration as plain data for a channel: secrets are in it in the clear, never log it. */
export function packConfig(config: GatewayConfig): unknown {
  return pack(config);
}

/** The configuration that `packConfig` made plain data of. */
export function unpackConfig(packed: unknown): GatewayConfig {
  return unpack(packed) as GatewayConfig;
}

function pack(value: unknown): unknown {
  if (value instanceof Secret)
    return { [secretMember]: value.reveal(), reference: value.reference };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, pack(one)]));
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== "object" || value === null) return value;
  if (secretMember in value && "reference" in value)
    return new Secret(String(value[secretMember]), String(value.reference));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unpack(one)]));
}
