/**
 * Ranges of IP addresses in CIDR form: who may come from where.
 *
 * ```ts
 * const ranges = parseRanges(["10.0.0.0/8", "2001:db8::/32"]);
 * if (typeof ranges !== "string") ranges.has("10.1.2.3"); // true
 * ```
 */
export { type IpRange, type IpRanges, parseAddress, parseRange, parseRanges } from "./ip-ranges.ts";
export { isRangeWithin } from "./ip-ranges.ts";
