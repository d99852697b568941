/**
 * Outbound connections: every socket to somewhere else is opened here, to named hosts only, and at
 * addresses that a rule allows.
 *
 * ```ts
 * const egress = createEgress({ allowHosts: ["127.0.0.1"] });
 * const socket = egress.connect(parseHttpUrl("http://127.0.0.1:8080/v1"));
 * ```
 */
export { createAddressRule } from "./address-rule.ts";
export type { AddressRule } from "./address-rule.ts";
export { createEgress, hostOf, parseHttpUrl, unsentPart } from "./egress.ts";
export type { Egress, EgressOptions } from "./egress.ts";
export { egressErrors } from "./errors.ts";
