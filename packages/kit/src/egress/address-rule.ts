import { type IpRanges, parseAddress, parseRanges } from "@loadline/kit/ip-ranges";

/** Which addresses may be connected to. */
export interface AddressRule {
  /** `isWritten`: it is the configured host itself, not what a name resolved to. */
  allows(address: string, isWritten: boolean): boolean;
}

/** Networks of organisations and of this machine. */
const internal = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1",
  "fc00::/7",
];

/** Where no service stands that a name should lead to: RFC 6890, and the metadata of clouds. */
const special = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "198.18.0.0/15",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::",
  "fe80::/10",
  "ff00::/8",
  "100.100.100.200",
  "168.63.129.16",
  "fd00:ec2::/32",
  "fd20:ce::/32",
];

/**
 * With `listed` (CIDR ranges or addresses) nothing internal or special is allowed but these. Without
 * it whoever wrote the configuration is believed: internal networks are, and every address that
 * stands there itself; of special ones only that. Addresses that embed an IPv4 one (mapped, NAT64,
 * 6to4) count as both. Text that is no address is never allowed.
 */
export function createAddressRule(listed?: readonly string[]): AddressRule {
  const blocked = ranges(listed ? [...internal, ...special] : special);
  const open = listed && ranges(listed);
  return {
    allows(address, isWritten) {
      const bytes = parseAddress(address);
      if (!bytes) return false;
      if (open ? open.has(address) : isWritten) return true;
      const inner = embedded(bytes);
      return !blocked.has(address) && (inner === undefined || !blocked.has(inner));
    },
  };
}

const nat64 = "0064ff9b0000000000000000";
const sixToFour = "2002";
const compatible = "0".repeat(24);
/** `::` and `::1` among them, which embed nothing. */
const nothing = "0".repeat(30);

/** The IPv4 address within an IPv6 one; a mapped one is read as IPv4 anyway. */
function embedded(bytes: Uint8Array): string | undefined {
  const hex = Buffer.from(bytes).toString("hex");
  if (hex.startsWith(nothing)) return undefined;
  if (hex.startsWith(nat64) || hex.startsWith(compatible)) return bytes.subarray(12).join(".");
  return hex.startsWith(sixToFour) ? bytes.subarray(2, 6).join(".") : undefined;
}

function ranges(texts: readonly string[]): IpRanges {
  const parsed = parseRanges(texts);
  if (typeof parsed === "string") throw new TypeError(`${parsed} is no range`);
  return parsed;
}
