import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import { type SpoolName, spoolMetrics } from "./metrics.ts";
import type { AuditRepository, AuditSeal, UsageRepository } from "./repositories.ts";
import type { AuditDraft, UsageBatch } from "./rows.ts";
import { openSpool, type Spool } from "./spool/spool.ts";
import { createSpooledWriter, type SpooledWriter } from "./spool/spooled-writer.ts";
import type { Store } from "./store.ts";

export interface RecordsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The state directory; spools are in `spool` there. */
  readonly dir: string;
  /** Gives a spooled event its place in its chain once the store is back. */
  readonly seal: AuditSeal;
}

/** Usage and audit events on their way into the store. */
export interface Records {
  /** As the store's, but while PostgreSQL is away `append` keeps events on the disk. */
  readonly audit: AuditRepository;
  readonly usage: Pick<UsageRepository, "append">;
  close(): Promise<void>;
}

/**
 * Puts a spool on the local disk before the store's append-only tables. With SQLite there is none:
 * it would share the disk whose failure it is meant for.
 */
export async function openRecords(store: Store, deps: RecordsDeps): Promise<Records> {
  const { audit, usage } = store.repositories;
  if (store.kind === "sqlite") {
    const append = (batch: UsageBatch): Promise<boolean> => usage.append(batch);
    return { audit, usage: { append }, close: () => Promise.resolve() };
  }
  const spools = await openSpools(deps);
  const usageWriter = writerOf(store, deps, {
    name: "usage",
    spool: spools.usage,
    async write(batches: readonly UsageBatch[]) {
      for (const batch of batches) await usage.append(batch);
    },
    parse: parseUsage,
  });
  const auditWriter = writerOf(store, deps, {
    name: "audit",
    spool: spools.audit,
    write: (events: readonly SpooledEvent[]) => appendEvents(audit, events, deps.seal),
    parse: parseEvent,
  });
  return {
    audit: {
      ...audit,
      async append(tenantId, drafts) {
        await auditWriter.put(drafts.map((draft) => ({ tenantId, draft })));
        return { seq: 0, hash: "" };
      },
    },
    usage: {
      async append(batch) {
        await usageWriter.put([batch]);
        return true;
      },
    },
    async close() {
      await usageWriter.close();
      await auditWriter.close();
    },
  };
}

async function openSpools({ dir, logger, metrics }: RecordsDeps) {
  const series = spoolMetrics(metrics);
  const openOne = (name: SpoolName): Promise<Spool> =>
    openSpool({
      dir: join(dir, "spool"),
      name,
      onDamaged(lines) {
        series.onDamaged(name, lines);
        logger.error("spooled lines are damaged", { spool: name, lines });
      },
    });
  const spools = { usage: await openOne("usage"), audit: await openOne("audit") };
  series.read((name) => spools[name].bytes);
  return spools;
}

interface Writing<T> {
  readonly name: SpoolName;
  readonly spool: Spool;
  readonly write: (records: readonly T[]) => Promise<void>;
  readonly parse: (value: unknown) => T | undefined;
}

function writerOf<T>(store: Store, deps: RecordsDeps, o: Writing<T>): SpooledWriter<T> {
  const { clock, logger } = deps;
  const { name, spool, write, parse } = o;
  const onRefused = (records: number, cause: unknown): void => {
    const text = cause instanceof Error ? cause.message : String(cause);
    logger.error("spooled records left out", { spool: name, records, text });
  };
  return createSpooledWriter({ clock, store, spool, write, parse, onRefused });
}

interface SpooledEvent {
  readonly tenantId: string;
  readonly draft: AuditDraft;
}

/** Runs of one tenant at once, in their order. */
async function appendEvents(
  audit: AuditRepository,
  events: readonly SpooledEvent[],
  seal: AuditSeal,
): Promise<void> {
  let from = 0;
  while (from < events.length) {
    const tenantId = events[from]?.tenantId ?? "";
    let to = from;
    while (to < events.length && events[to]?.tenantId === tenantId) to += 1;
    const drafts = events.slice(from, to).map((event) => event.draft);
    await audit.append(tenantId, drafts, seal);
    from = to;
  }
}

/** What was written by this program comes back through its checksum; only its kind is looked at. */
function parseUsage(value: unknown): UsageBatch | undefined {
  return hasTexts(value, ["id", "lines"]) ? (value as UsageBatch) : undefined;
}

function parseEvent(value: unknown): SpooledEvent | undefined {
  if (!hasTexts(value, ["tenantId"]) || !("draft" in value)) return undefined;
  return hasTexts(value.draft, ["eventId", "event"]) ? (value as SpooledEvent) : undefined;
}

function hasTexts(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== "object" || value === null) return false;
  const members: Readonly<Record<string, unknown>> = { ...value };
  return names.every((name) => typeof members[name] === "string");
}
