import { isRecord, parseJson } from "@loadline/kit/json";
import { canonicalJson } from "@loadline/contract/canonical-json";
import { createMerkleTree, type MerkleTree } from "@loadline/kit/merkle";
import type { AuditRepository } from "../state/repositories.ts";
import type { AuditRow } from "../state/rows.ts";
import { chainBegin, type ChainStart, readCheckpoint, startOf } from "./checkpoint.ts";
import { entryHash } from "./entry.ts";
import {
  type HeadFile,
  type HeadMarks,
  isHeadSigned,
  markAt,
  marksOf,
  type SignedHead,
} from "./head.ts";
import type { VerifyingKey } from "./signing-key.ts";

/** The first thing that is wrong with one tenant's chain. */
export interface AuditProblem {
  readonly tenant: string;
  /** The first entry that is not what it was; where one is missing, the missing one. */
  readonly seq: number;
  /** A sentence. */
  readonly what: string;
}

export interface AuditVerdict {
  readonly status: "intact" | "tampered" | "not_provable";
  /** At most one per tenant, and those of the heads file; empty when intact. */
  readonly problems: readonly AuditProblem[];
  readonly tenants: number;
  readonly entries: number;
  /** Entries that a signed head covers. */
  readonly covered: number;
  /** Entries that were removed behind signed checkpoints. */
  readonly purged: number;
}

export interface VerifyInput {
  readonly audit: Pick<AuditRepository, "heads" | "query">;
  /** Undefined when no file of heads was given: the chain alone cannot show a cut tail. */
  readonly heads: HeadFile | undefined;
  readonly key: VerifyingKey;
  /** The checkpoint of a chain whose beginning was removed; absent: none was. */
  checkpointOf?(tenant: string): Promise<string | undefined>;
}

const pageMax = 1000;
/** Nodes that share a chain may differ by this much. */
const skewMsMax = 60_000;

/** Recomputes every chain and compares it with the signed heads; reads only. */
export async function verifyAuditLog(input: VerifyInput): Promise<AuditVerdict> {
  const { heads } = input;
  const problems: AuditProblem[] = [];
  const sound = soundHeads(input, problems);
  const stored = (await input.audit.heads()).map((head) => head.tenantId);
  const tenants = [...new Set([...stored, ...sound.map((head) => head.tenant)])];
  let entries = 0;
  let covered = 0;
  let purged = 0;
  for (const tenant of tenants.sort((a, b) => (a < b ? -1 : Number(a > b)))) {
    const own = sound.filter((head) => head.tenant === tenant);
    const { start, end, problem } = await checkChain(input, tenant, own);
    if (problem) problems.push(problem);
    const signed = Math.max(start, ...own.map((head) => head.size));
    entries += end - start;
    covered += Math.min(end, signed) - start;
    purged += start;
  }
  const isProvable = heads !== undefined && !(entries > 0 && covered === 0);
  const intact = isProvable ? "intact" : "not_provable";
  const status = problems.length > 0 ? "tampered" : intact;
  return { status, problems, tenants: tenants.length, entries, covered, purged };
}

/** The heads that this key signed; the others are problems. */
function soundHeads({ heads, key }: VerifyInput, problems: AuditProblem[]): SignedHead[] {
  const sound = (heads?.heads ?? []).filter((head) => {
    if (isHeadSigned(head, key)) return true;
    const what = "a head is not signed by this key.";
    problems.push({ tenant: head.tenant, seq: head.size, what });
    return false;
  });
  for (const line of heads?.badLines ?? [])
    problems.push({ tenant: "", seq: 0, what: `line ${line} of the heads file is damaged.` });
  return sound;
}

/** Walks one chain from its checkpoint, or its beginning, to its end or its first fault. */
async function checkChain(input: VerifyInput, tenant: string, own: readonly SignedHead[]) {
  const text = await input.checkpointOf?.(tenant);
  const checkpoint = text === undefined ? undefined : readCheckpoint(text, tenant, input.key);
  const start = startOf(checkpoint);
  const chain = new ChainCheck(tenant, own, start);
  for (;;) {
    const page = { tenantId: tenant, afterSeq: chain.seq, order: "asc", limit: pageMax } as const;
    const rows = await input.audit.query(page);
    if (rows.length === 0 || !rows.every((row) => chain.next(row))) break;
  }
  const isForged = text !== undefined && !checkpoint;
  return { start: start.seq, end: chain.seq, problem: isForged ? forged(tenant) : chain.end() };
}

function forged(tenant: string): AuditProblem {
  return { tenant, seq: 1, what: "the checkpoint is not signed by this key." };
}

/** Walks one tenant's chain in order; stops at the first fault. */
class ChainCheck {
  seq: number;
  readonly #tenant: string;
  readonly #heads: readonly SignedHead[];
  readonly #marks: readonly HeadMarks[];
  readonly #tree: MerkleTree;
  #prev: string;
  #latestMs = 0;
  #problem: AuditProblem | undefined;

  constructor(tenant: string, heads: readonly SignedHead[], start: ChainStart = chainBegin) {
    this.#tenant = tenant;
    this.#heads = heads;
    this.#marks = heads.map(marksOf);
    this.seq = start.seq;
    this.#prev = start.prev;
    this.#tree = createMerkleTree(start.seq, start.edge);
    if (start.seq > 0) this.#checkRoot();
  }

  /** False when nothing after this row needs to be read. */
  next(row: AuditRow): boolean {
    if (this.#problem) return false;
    const seq = this.seq + 1;
    const what = this.#faultOf(row, seq);
    if (what !== undefined) {
      this.#problem = { tenant: this.#tenant, seq, what };
      return false;
    }
    this.seq = seq;
    this.#prev = row.hash;
    this.#latestMs = Math.max(this.#latestMs, row.ts);
    this.#tree.add(Buffer.from(row.hash, "hex"));
    return this.#checkRoot();
  }

  /** Whether every head of this size signed this root. */
  #checkRoot(): boolean {
    const { seq } = this;
    const here = this.#heads.filter((head) => head.size === seq);
    if (here.length === 0) return true;
    const root = this.#tree.root().toString("hex");
    if (here.every((head) => head.root === root)) return true;
    this.#problem = { tenant: this.#tenant, seq, what: "the chain is not the one a head signed." };
    return false;
  }

  end(): AuditProblem | undefined {
    if (this.#problem) return this.#problem;
    const signed = Math.max(0, ...this.#heads.map((head) => head.size));
    if (signed <= this.seq) return undefined;
    const what = `the chain ends, but a head signed ${signed} entries.`;
    return { tenant: this.#tenant, seq: this.seq + 1, what };
  }

  #faultOf(row: AuditRow, seq: number): string | undefined {
    if (row.seq !== seq) return "the entry is missing.";
    const entry = parseObject(row.entry);
    if (!entry || !isCanonical(entry, row.entry)) return "the entry is not canonical JSON.";
    if (entry["tenant"] !== this.#tenant) return "the entry belongs to another tenant.";
    if (entry["seq"] !== seq) return "the entry has another number.";
    if (entry["prev"] !== this.#prev) return "the entry does not follow the one before.";
    if (entry["hash"] !== entryHash(entry)) return "the entry was changed.";
    const column = columnFault(row, entry);
    if (column !== undefined) return `the column ${column} differs from the entry.`;
    if (this.#marks.some((marks) => !isMarked(marks, seq, row.hash)))
      return "the entry is not the one a head signed.";
    if (row.ts < this.#latestMs - skewMsMax) return "the clock was set back before the entry.";
    return undefined;
  }
}

function isMarked(marks: HeadMarks, seq: number, hash: string): boolean {
  if (seq <= marks.from || seq > marks.size) return true;
  return hash.startsWith(markAt(marks, seq));
}

/** The name of the first column that says something else than the entry. */
function columnFault(row: AuditRow, entry: Readonly<Record<string, unknown>>): string | undefined {
  const actor = parseMember(entry["actor"]);
  const object = parseMember(entry["object"]);
  const columns: readonly (readonly [string, unknown, unknown])[] = [
    ["prev", row.prev, entry["prev"]],
    ["hash", row.hash, entry["hash"]],
    ["tenantId", row.tenantId, entry["tenant"]],
    ["ts", new Date(row.ts).toISOString(), entry["ts"]],
    ["actorId", row.actorId, actor["id"]],
    ["action", row.action, entry["action"]],
    ["objectType", row.objectType, object["type"]],
    ["objectId", row.objectId, object["id"]],
    ["outcome", row.outcome, entry["outcome"]],
    ["code", row.code ?? null, entry["code"]],
    ["requestId", row.requestId ?? null, entry["requestId"]],
  ];
  return columns.find(([, column, member]) => column !== member)?.[0];
}

function isCanonical(entry: Readonly<Record<string, unknown>>, text: string): boolean {
  return canonicalJson(entry) === text;
}

function parseMember(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(text);
  return isRecord(value) ? value : undefined;
}
