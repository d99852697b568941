import type { BreakerBoard } from "../breaker/board.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { KeyService } from "../identity/keys/key-service.ts";
import type { RoleService } from "../identity/users/role-service.ts";
import type { TenantService } from "../identity/users/tenant-service.ts";
import type { UserService } from "../identity/users/user-service.ts";
import type { Limits } from "../limits/limits.ts";
import type { ModelSwaps } from "../models/index.ts";
import type { Repositories } from "../state/repositories.ts";
import type { EveryBreaker } from "../workers/supervised.ts";

export interface TargetView {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly ready: boolean;
}

export interface RouteView {
  readonly name: string;
  readonly models: readonly string[];
  readonly targets: readonly string[];
  readonly critical: boolean;
}

export interface ReloadView {
  readonly applied: boolean;
  /** Code and message of the first problem when nothing was applied. */
  readonly problem: string | null;
}

/** What the admin operations work on. */
export interface AdminServices {
  readonly repositories: Repositories;
  readonly keys: KeyService;
  readonly users: UserService;
  readonly roles: RoleService;
  readonly tenants: TenantService;
  readonly breakers: Pick<BreakerBoard, "list" | "override">;
  /** Breakers of all processes of this gateway; absent: this one is alone. */
  readonly everywhere: EveryBreaker | undefined;
  readonly models: Omit<ModelSwaps, "tripped">;
  readonly limits: Pick<Limits, "status">;
  /** Missing where there is no file to read again: LL_ADMIN_UNAVAILABLE. */
  readonly reload: (() => Promise<ReloadView>) | undefined;
  readonly version: string;
  readonly startedMs: number;
  wallMs(): number;
  config(): GatewayConfig;
  targets(): readonly TargetView[];
  routes(): readonly RouteView[];
}
