import type { Permission } from "./permissions.ts";

/** What a caller's credential narrows a principal to; undefined means no narrowing. */
export interface PrincipalLimits {
  readonly models?: ReadonlySet<string>;
  readonly routes?: ReadonlySet<string>;
  /** CIDR ranges the credential may be used from. */
  readonly ips?: readonly string[];
  readonly budgetId?: string;
  readonly rateId?: string;
  /** Counts against no limit and no budget: the gateway itself. */
  readonly isUncounted?: true;
}

/** Who a request acts for, as proven by exactly one credential; frozen. */
export interface Principal {
  readonly id: string;
  readonly kind: "user" | "service" | "workload" | "internal";
  readonly tenantId: string;
  readonly via: "key" | "internal";
  /** Id of the credential, such as the key's id; never the secret. */
  readonly credentialId: string;
  readonly roles: readonly string[];
  /** Everything it may do, computed at use. */
  readonly grants: ReadonlySet<Permission>;
  readonly limits: PrincipalLimits;
  /** Wall-clock ms, or undefined for no end. */
  readonly expiresAt?: number;
  /** Changes with every change of the credential, its owner or their roles. */
  readonly epoch: number;
}
