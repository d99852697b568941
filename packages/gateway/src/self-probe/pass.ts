import { timingSafeEqual } from "node:crypto";
import type { Random } from "@loadline/kit/random";
import { everyTenant } from "../identity/authorize.ts";
import type { Principal } from "../identity/principal.ts";

/** Model that no configuration names; only the probe's principal reaches it. */
export const probeModel = "loadline-self-probe";

const scheme = "Loadline-Probe";
const secretBytes = 32;

/** Who the gateway is to itself: it may call one model, and counts against no limit. */
export function probePrincipal(): Principal {
  return Object.freeze<Principal>({
    id: "self-probe",
    kind: "internal",
    tenantId: everyTenant,
    via: "internal",
    credentialId: "self-probe",
    roles: [],
    grants: new Set(["inference:call"] as const),
    limits: { models: new Set([probeModel]), isUncounted: true },
    epoch: 0,
  });
}

/**
 * A secret that is good for one request while one probe runs. It is kept nowhere but here: no store,
 * no log and no list has it.
 */
export class ProbePass {
  readonly principal: Principal = probePrincipal();
  readonly #random: Random;
  #expected: Buffer | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Value of the probe's `authorization`; the one before is good no more. */
  issue(): string {
    const secret = Buffer.from(this.#random.bytes(secretBytes)).toString("base64url");
    const header = `${scheme} ${secret}`;
    this.#expected = Buffer.from(header);
    return header;
  }

  withdraw(): void {
    this.#expected = undefined;
  }

  /** The principal of whoever brings the secret, once; undefined for everybody else. */
  admit(header: string): Principal | undefined {
    const expected = this.#expected;
    if (!expected || header.length !== expected.length) return undefined;
    if (!timingSafeEqual(Buffer.from(header, "latin1"), expected)) return undefined;
    this.#expected = undefined;
    return this.principal;
  }
}
