import type { Clock } from "@loadline/kit/clock";
import { createMerkleTree } from "@loadline/kit/merkle";
import { gatewayErrors } from "../errors.ts";
import { everyTenant } from "../identity/authorize.ts";
import type { AuditRepository, Repositories } from "../state/repositories.ts";
import type { Store } from "../state/store.ts";
import { type ChainStart, keepCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { draftOf, sealDraft } from "./entry.ts";
import type { SigningKey } from "./signing-key.ts";

/** What a purge removes, or removed, of one tenant's chain. */
export interface PurgedChain {
  readonly tenant: string;
  /** Entries from here ... */
  readonly from: number;
  /** ... up to here. */
  readonly through: number;
}

export interface PurgeInput {
  readonly clock: Clock;
  readonly store: Pick<Store, "repositories" | "transaction">;
  readonly key: SigningKey;
  /** UTC midnight: what was recorded before it goes. */
  readonly beforeMs: number;
  readonly tenant: string;
  readonly start: ChainStart;
  /** Entries that a signed head covers; no more are removed. Undefined where heads are not kept. */
  readonly covered: number | undefined;
}

const dayMs = 86_400_000;
const pageMax = 1000;

/** The last UTC midnight that lies `days` or more before now. */
export function retentionLimitMs(nowMs: number, days: number): number {
  return Math.floor((nowMs - days * dayMs) / dayMs) * dayMs;
}

/** The oldest entries that a purge would remove; undefined when there are none. */
export async function planPurge(input: PurgeInput): Promise<PurgedChain | undefined> {
  const { through } = await walk(input);
  const from = input.start.seq + 1;
  return through < from ? undefined : { tenant: input.tenant, from, through };
}

/**
 * Removes whole days from the beginning of one chain. The signed checkpoint and the entry of the act
 * are committed together first; rows behind a checkpoint count for nothing and go in pages.
 */
export async function purgeChain(input: PurgeInput): Promise<PurgedChain | undefined> {
  const { clock, store, key, tenant, start, beforeMs } = input;
  const { through, hash, edge } = await walk(input);
  await removeBehind(store.repositories.audit, tenant, start.seq);
  if (through <= start.seq) return undefined;
  const nowMs = clock.wallMs();
  const checkpoint = signCheckpoint(
    {
      v: 1,
      tenant,
      size: through,
      hash,
      edge: edge.map((one) => one.toString("hex")),
      before: new Date(beforeMs).toISOString().slice(0, 10),
      ts: new Date(nowMs).toISOString(),
      keyId: key.id,
    },
    key,
  );
  const purged = { tenant, from: start.seq + 1, through };
  await store.transaction(async (r) => {
    await keepCheckpoint(r.facts, checkpoint);
    await appendAct(r, { purged, nowMs, before: checkpoint.before });
  });
  await removeBehind(store.repositories.audit, tenant, through);
  return purged;
}

/** The last entry of the days that go, with the tree up to it. */
async function walk(input: PurgeInput) {
  const { tenant, start, beforeMs } = input;
  const last = input.covered ?? Number.POSITIVE_INFINITY;
  const tree = createMerkleTree(start.seq, start.edge);
  let { seq: through, prev: hash } = start;
  for (;;) {
    const rows = await input.store.repositories.audit.query({
      tenantId: tenant,
      afterSeq: through,
      order: "asc",
      limit: pageMax,
    });
    for (const row of rows) {
      if (row.ts >= beforeMs || row.seq > last) return { through, hash, edge: tree.edge() };
      if (row.seq !== through + 1 || row.prev !== hash)
        throw gatewayErrors.make("LL_AUDITLOG_TAMPERED", `${tenant} seq ${through + 1}.`);
      tree.add(Buffer.from(row.hash, "hex"));
      through = row.seq;
      hash = row.hash;
    }
    if (rows.length < pageMax) return { through, hash, edge: tree.edge() };
  }
}

async function removeBehind(audit: AuditRepository, tenant: string, seq: number): Promise<void> {
  // Each call removes up to 5,000 rows, so this ends.
  while (seq > 0 && (await audit.purge(tenant, seq)) > 0);
}

/** The act stands in the platform's own chain. */
async function appendAct(
  r: Repositories,
  o: { purged: PurgedChain; nowMs: number; before: string },
): Promise<void> {
  const { tenant, from, through } = o.purged;
  const event = {
    tenant: everyTenant,
    actor: { id: "operator", kind: "service", via: "cli", credential: "" },
    action: "audit.purged",
    object: { type: "tenant", id: tenant },
    outcome: "ok",
    surface: "cli",
    detail: { from, through, before: o.before },
  } as const;
  const eventId = `purge-${tenant}-${through}`;
  await r.audit.append(everyTenant, [draftOf(event, { tsMs: o.nowMs, eventId })], sealDraft);
}
