import { isRecord } from "@loadline/kit/json";
import { createHash } from "node:crypto";
import { canonicalJson } from "@loadline/contract/canonical-json";
import type { AuditSeal } from "../state/repositories.ts";
import type { AuditDraft, AuditHead } from "../state/rows.ts";
import type { AuditEvent } from "./events.ts";

/** First line of every hashed entry; evidence has its own. */
const auditDomain = "loadline-audit-1\n";
const entryVersion = 1;

/** `prev` of a chain's first entry. */
export const firstPrev = "0".repeat(64);

/** An event at its place in the chain of its tenant. Keys are in canonical order. */
export interface AuditEntry {
  readonly action: string;
  readonly actor: {
    readonly credential: string;
    readonly id: string;
    readonly kind: string;
    readonly via: string;
  };
  readonly code: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
  /** SHA-256 as lower-case hex over domain, `prev` and the entry without this member. */
  readonly hash: string;
  readonly ip: string | null;
  readonly object: { readonly id: string; readonly type: string };
  readonly outcome: "ok" | "denied" | "failed";
  readonly prev: string;
  readonly requestId: string | null;
  /** 1 for a tenant's first entry, then one more each. */
  readonly seq: number;
  readonly surface: string | null;
  readonly tenant: string;
  /** UTC ISO 8601 with ms, when the event was recorded. */
  readonly ts: string;
  readonly v: number;
}

/** What is known of an entry before it has its place in the chain. */
type OpenEntry = Omit<AuditEntry, "hash" | "prev" | "seq">;

/** An event as the store keeps it until it is chained; `eventId` makes a second append harmless. */
export function draftOf(event: AuditEvent, o: { tsMs: number; eventId: string }): AuditDraft {
  const open = openEntry(event, o.tsMs);
  return {
    eventId: o.eventId,
    ts: o.tsMs,
    event: canonicalJson(open),
    actorId: open.actor.id,
    action: open.action,
    objectType: open.object.type,
    objectId: open.object.id,
    outcome: open.outcome,
    ...(open.code !== null && { code: open.code }),
    ...(open.requestId !== null && { requestId: open.requestId }),
  };
}

/** Gives a draft its place after `head`. */
export function sealDraft(draft: AuditDraft, head: AuditHead): ReturnType<AuditSeal> {
  const open: unknown = JSON.parse(draft.event);
  if (!isRecord(open)) throw new TypeError("an audit draft is no object");
  const seq = head.seq + 1;
  const prev = head.hash === "" ? firstPrev : head.hash;
  const placed = { ...open, prev, seq };
  const hash = hashOf(placed, prev);
  return { seq, prev, hash, entry: canonicalJson({ ...placed, hash }) };
}

/** The hash that an entry read back must carry; its own `hash` does not count. */
export function entryHash(entry: Readonly<Record<string, unknown>>): string {
  const { hash: _, ...open } = entry;
  return hashOf(open, String(open["prev"]));
}

function hashOf(open: Readonly<Record<string, unknown>>, prev: string): string {
  const text = auditDomain + prev + canonicalJson(open);
  return createHash("sha256").update(text).digest("hex");
}

function openEntry(event: AuditEvent, tsMs: number): OpenEntry {
  const { actor, object } = event;
  return {
    action: event.action,
    actor: {
      credential: storable(actor.credential),
      id: storable(actor.id),
      kind: actor.kind,
      via: actor.via,
    },
    code: event.code ?? null,
    detail: sorted(event.detail ?? {}),
    ip: event.ip ?? null,
    object: { id: storable(object.id), type: object.type },
    outcome: event.outcome,
    requestId: event.requestId ?? null,
    surface: event.surface ?? null,
    tenant: event.tenant,
    ts: new Date(tsMs).toISOString(),
    v: entryVersion,
  };
}

/** Parts of a path end here as they were sent: no column of PostgreSQL holds a NUL. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

function sorted(detail: NonNullable<AuditEvent["detail"]>): AuditEntry["detail"] {
  const members = Object.entries(detail).map(
    ([key, value]) =>
      [key.toWellFormed(), typeof value === "string" ? value.toWellFormed() : value] as const,
  );
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
