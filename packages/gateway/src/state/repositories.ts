import type {
  AuditDraft,
  AuditHead,
  AuditRow,
  AuthEventRow,
  BudgetSpentRow,
  GrantRow,
  KeyRow,
  PrincipalRow,
  TenantRow,
  UsageBatch,
  UsageGroup,
  UsageSum,
} from "./rows.ts";

/**
 * What is stored, over SQLite and PostgreSQL alike. Every call may reject with
 * `LL_STATE_UNAVAILABLE` (within 1 s, SQLite 5 s; nothing more is known then: a write may have happened) and
 * every insert with `LL_STATE_CONFLICT` for an id that exists. Lists are at most 1,000 rows a page.
 */
export interface Repositories {
  readonly keys: KeyRepository;
  readonly principals: PrincipalRepository;
  readonly grants: GrantRepository;
  readonly tenants: TenantRepository;
  readonly events: AuthEventRepository;
  readonly audit: AuditRepository;
  readonly usage: UsageRepository;
  readonly budgets: BudgetRepository;
  readonly facts: FactRepository;
}

/** Rows after `after` in the order of ids. */
export interface Page {
  readonly after?: string | undefined;
  /** 1 to 1,000; default 1,000. */
  readonly limit?: number | undefined;
}

/** Fields that an update may change; a member given as undefined is cleared. */
export type KeyPatch = Partial<
  Omit<KeyRow, "id" | "env" | "tenantId" | "createdAt" | "epoch" | "lastUsedAt">
>;
export type PrincipalPatch = Partial<Pick<PrincipalRow, "label" | "roles" | "disabledAt">>;
export type TenantPatch = Partial<Pick<TenantRow, "label" | "disabledAt" | "policy">>;

export interface KeyRepository {
  insert(row: KeyRow): Promise<void>;
  find(id: string): Promise<KeyRow | undefined>;
  list(where?: Page & { tenantId?: string; ownerId?: string }): Promise<KeyRow[]>;
  /** Changes fields and adds one to `epoch`; undefined when there is no such key. */
  update(id: string, patch: KeyPatch): Promise<KeyRow | undefined>;
  /** Last uses in one batch; never moves a time back, leaves `epoch` alone. */
  touch(uses: readonly { readonly id: string; readonly lastUsedAt: number }[]): Promise<void>;
  /** Of these names, any number, those that a key of the tenant has as id, budget id or rate class. */
  borneNames(tenantId: string, names: readonly string[]): Promise<ReadonlySet<string>>;
  /** Keys that are neither revoked, expired nor not yet valid at `nowMs`. */
  countActive(nowMs: number): Promise<number>;
  /**
   * Secrets by the pepper they are digested under: of keys neither revoked nor expired at `nowMs`, and
   * those before a rotation whose overlap is not over.
   */
  countByPepper(nowMs: number): Promise<ReadonlyMap<number, number>>;
}

export interface PrincipalRepository {
  insert(row: PrincipalRow): Promise<void>;
  find(id: string): Promise<PrincipalRow | undefined>;
  findBySubject(issuer: string, subject: string): Promise<PrincipalRow | undefined>;
  list(where?: Page & { tenantId?: string }): Promise<PrincipalRow[]>;
  /** Changes fields and adds one to `epoch`; undefined when there is no such principal. */
  update(id: string, patch: PrincipalPatch): Promise<PrincipalRow | undefined>;
}

export interface GrantRepository {
  insert(row: GrantRow): Promise<void>;
  /** Of one principal, expired ones included. */
  list(principalId: string): Promise<GrantRow[]>;
  /** False when there was none. */
  remove(id: string): Promise<boolean>;
}

export interface TenantRepository {
  insert(row: TenantRow): Promise<void>;
  find(id: string): Promise<TenantRow | undefined>;
  list(where?: Page): Promise<TenantRow[]>;
  update(id: string, patch: TenantPatch): Promise<TenantRow | undefined>;
}

export interface AuthEventRepository {
  /** Call it inside the transaction of the change; returns the new seq. Holds the feed's lock. */
  append(event: Omit<AuthEventRow, "seq">): Promise<number>;
  /** In order of seq, at most `max` (1 to 1,000). */
  after(seq: number, max: number): Promise<AuthEventRow[]>;
  /** 0 when there is none. */
  lastSeq(): Promise<number>;
}

export interface AuditFilter {
  readonly tenantId: string;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly objectType?: string | undefined;
  readonly objectId?: string | undefined;
  readonly outcome?: string | undefined;
  readonly code?: string | undefined;
  /** Inclusive. */
  readonly fromMs?: number | undefined;
  /** Exclusive. */
  readonly toMs?: number | undefined;
  /** Only entries with a greater seq. */
  readonly afterSeq?: number | undefined;
  /** Only entries with this seq or a smaller one. */
  readonly throughSeq?: number | undefined;
  readonly order?: "asc" | "desc" | undefined;
  /** 1 to 1,000; default 1,000. */
  readonly limit?: number | undefined;
}

/** Gives a draft its place: the next seq, the hash before as `prev`, entry and hash over them. */
export type AuditSeal = (
  draft: AuditDraft,
  head: AuditHead,
) => Pick<AuditRow, "seq" | "entry" | "prev" | "hash">;

export interface AuditRepository {
  /**
   * Appends a batch (1 to 1,000) under the lock of the tenant's head row; events that are in the
   * chain already are left out. Returns the new head. Inside `Store.transaction` it joins it.
   */
  append(tenantId: string, drafts: readonly AuditDraft[], seal: AuditSeal): Promise<AuditHead>;
  query(filter: AuditFilter): Promise<AuditRow[]>;
  /** Removes up to 5,000 of the oldest entries up to `throughSeq`; returns how many. The head stays. */
  purge(tenantId: string, throughSeq: number): Promise<number>;
  head(tenantId: string): Promise<AuditHead>;
  heads(): Promise<(AuditHead & { readonly tenantId: string })[]>;
}

export interface UsageFilter {
  readonly keyId?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly model?: string | undefined;
  /** Inclusive. */
  readonly fromMs?: number | undefined;
  /** Exclusive. */
  readonly toMs?: number | undefined;
}

export interface UsageRepository {
  /** Up to 1,000 records; false for a batch whose id is known. Inside a transaction it joins it. */
  append(batch: UsageBatch): Promise<boolean>;
  /** At most 1,000 groups, in the order of their values; times count by whole minutes. */
  sums(groups: readonly UsageGroup[], where?: UsageFilter): Promise<UsageSum[]>;
}

export interface BudgetRepository {
  /** Adds (or with a negative amount refunds) atomically; N nodes may add at once. */
  add(rows: readonly BudgetSpentRow[]): Promise<void>;
  /** The periods given, of all budgets. */
  spent(periods: readonly string[]): Promise<BudgetSpentRow[]>;
}

/** Single facts about the whole store, such as the check value of the pepper. */
export interface FactRepository {
  get(name: string): Promise<string | undefined>;
  /** Keeps the first value of a name and returns the one that is kept. */
  claim(name: string, value: string): Promise<string>;
  set(name: string, value: string): Promise<void>;
}
