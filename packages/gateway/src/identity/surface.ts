import type { Permission } from "./permissions.ts";

/** Why an operation needs no credential; nothing else may be public. */
export const publicReasons = [
  "health",
  "ready",
  "login",
  "sso-metadata",
  "audit-keys",
  "docs",
] as const;
export type PublicReason = (typeof publicReasons)[number];

/** Which limits a surface's requests count against. */
export const limitClasses = ["model", "admin", "files", "read", "probe"] as const;
export type LimitClass = (typeof limitClasses)[number];

/** How its body is bounded and read; `model` is scanned and passed on. */
export const bodyClasses = ["none", "model", "admin", "upload"] as const;
export type BodyClass = (typeof bodyClasses)[number];

/** Where it may make the gateway connect to. */
export const egressClasses = ["none", "provider", "store"] as const;
export type EgressClass = (typeof egressClasses)[number];

/** Who may pass: the holders of a permission, everybody, or what each surface below it says. */
export type Access =
  | Permission
  | { readonly public: PublicReason }
  | { readonly below: "each surface under this path declares its own" };

/** One operation somebody can ask for, with everything that guards it. */
export interface Surface {
  /** Unique name, such as `keys.create`. */
  readonly id: string;
  readonly kind: "http" | "ws" | "mcp";
  readonly methods: readonly string[];
  /** A path; a segment `:name` stands for one segment, a last `*` for one or more. */
  readonly path: string;
  readonly permission: Access;
  /** Set when it acts on one object: what is needed for an object of somebody else's. */
  readonly object?: { readonly type: string; readonly ofOthers: Permission };
  /** Acts on the whole gateway: only for principals of the tenant `*`. */
  readonly platform?: true;
  /** Members a write accepts, or `upstream` when the body is scanned and passed on. */
  readonly writes?: readonly string[] | "upstream";
  readonly limits: LimitClass;
  readonly body: BodyClass;
  readonly egress: EgressClass;
  /** The action in the audit log, or why there is none. */
  readonly audit: string | { readonly none: string };
}

/** Whether a surface takes requests without a credential. */
export function isPublic(surface: Pick<Surface, "permission">): boolean {
  return typeof surface.permission === "object" && "public" in surface.permission;
}
