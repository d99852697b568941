import type { AuditSeal } from "./repositories.ts";
import {
  type AuditDraft,
  type KeyRow,
  type UsageBatch,
  type UsageRow,
  usageColumns,
} from "./rows.ts";
import { createUsageBatcher } from "./usage-batch.ts";

export const aKey = (id: string, o: Partial<KeyRow> = {}): KeyRow => ({
  id,
  env: "local",
  name: `key ${id}`,
  tenantId: "t1",
  kind: "service",
  digest: new Uint8Array(32).fill(7),
  pepperVersion: 1,
  roles: ["caller"],
  createdAt: 1_700_000_000_000,
  epoch: 1,
  ...o,
});

export const aUsage = (id: string, o: Partial<UsageRow> = {}): UsageRow => ({
  id,
  at: Date.UTC(2026, 0, 31, 12),
  requestId: id,
  keyId: "k1",
  tenantId: "t1",
  route: "chat",
  model: "m",
  target: "a",
  inputTokens: 10,
  cachedTokens: 1,
  outputTokens: 5,
  reasoningTokens: 2,
  costNano: 1_000_000_007,
  source: "provider",
  exit: "done",
  ...o,
});

export const aDraft = (eventId: string, o: Partial<AuditDraft> = {}): AuditDraft => ({
  eventId,
  ts: 1000,
  event: "{}",
  actorId: "p1",
  action: "key.created",
  objectType: "key",
  objectId: "k1",
  outcome: "ok",
  ...o,
});

/** A chain that can be checked by eye. */
export const seal: AuditSeal = (draft, head) => ({
  seq: head.seq + 1,
  prev: head.hash,
  hash: `${head.hash}>${draft.eventId}`.slice(-40),
  entry: JSON.stringify({ seq: head.seq + 1, id: draft.eventId }),
});

/** The code a call fails with, `none` when it does not. */
export const codeOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
  return "none";
};

/** A batch of these rows, as the gateway makes it. */
export function aBatch(...rows: readonly UsageRow[]): UsageBatch {
  const batcher = createUsageBatcher();
  for (const row of rows) batcher.add(row);
  const batch = batcher.take();
  if (!batch) throw new RangeError("a batch has a row");
  return batch;
}

/** The records of a batch, read back from its lines. */
export function recordsOf(batch: UsageBatch): Record<string, unknown>[] {
  return batch.lines
    .trimEnd()
    .split("\n")
    .map((line) => {
      const values: unknown = JSON.parse(line);
      if (!Array.isArray(values)) throw new TypeError("a line is an array");
      return Object.fromEntries(usageColumns.map((column, i) => [column, values[i]]));
    });
}
