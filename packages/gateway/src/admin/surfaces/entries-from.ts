import { z } from "zod";
import type { AuditFilter, AuditRepository } from "../../state/repositories.ts";
import type { AuditRow } from "../../state/rows.ts";
import { isoTime } from "./shapes.ts";

const pageMax = 1000;
const pagesMax = 100;

/** One entry as the admin API shows it. */
export const auditEntry = z.object({
  v: z.int(),
  seq: z.int(),
  tenant: z.string(),
  ts: isoTime,
  actor: z.object({
    id: z.string(),
    kind: z.string(),
    via: z.string(),
    credential: z.string(),
  }),
  action: z.string(),
  object: z.object({ type: z.string(), id: z.string() }),
  outcome: z.enum(["ok", "denied", "failed"]),
  code: z.string().nullable(),
  ip: z.string().nullable(),
  requestId: z.string().nullable(),
  surface: z.string().nullable(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  prev: z.string(),
  hash: z.string(),
});

type Entry = z.output<typeof auditEntry>;

/** The entry as it was written. */
export function entryOf(row: AuditRow): Entry {
  return auditEntry.parse(JSON.parse(row.entry));
}

/**
 * Entries that came from `ip`, in the order of the filter. The store has no column of addresses:
 * reads pages of it until enough are found, 100,000 entries at most.
 */
export async function entriesFrom(
  audit: Pick<AuditRepository, "query">,
  filter: AuditFilter & { readonly limit: number },
  ip: string,
): Promise<Entry[]> {
  const found: Entry[] = [];
  let page: AuditFilter = { ...filter, limit: pageMax };
  for (let pages = 0; pages < pagesMax; pages++) {
    const rows = await audit.query(page);
    found.push(...rows.map(entryOf).filter((one) => one.ip === ip));
    const last = rows.at(-1);
    if (!last || rows.length < pageMax || found.length >= filter.limit) break;
    page =
      filter.order === "desc"
        ? { ...page, throughSeq: last.seq - 1 }
        : { ...page, afterSeq: last.seq };
  }
  return found.slice(0, filter.limit);
}
