import { appendFileSync, readFileSync, truncateSync } from "node:fs";
import type { Clock, Timer } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import { createMerkleTree } from "@loadline/kit/merkle";
import { codeOf } from "@loadline/kit/errors";
import { gatewayErrors } from "../errors.ts";
import type { AuditRepository, FactRepository } from "../state/repositories.ts";
import type { AuditRow } from "../state/rows.ts";
import { checkpointText, readCheckpoint, startOf } from "./checkpoint.ts";
import {
  headEntriesMax,
  headLine,
  isHeadSigned,
  markBytes,
  parseHeads,
  type SignedHead,
  signHead,
} from "./head.ts";
import type { AuditMetrics } from "./metrics.ts";
import type { SigningKey, VerifyingKey } from "./signing-key.ts";

export interface HeadWriterDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: AuditMetrics;
  readonly audit: AuditRepository;
  /** Where checkpoints are kept; absent: no chain has one. */
  readonly facts?: Pick<FactRepository, "get"> | undefined;
  readonly key: SigningKey;
  readonly verifyingKey: VerifyingKey;
  /** The second sink: a file, better on another volume. */
  readonly path: string;
}

export interface HeadWriter {
  /** Notes committed entries; the 1,000th since the last head starts one at once. */
  onCommit(count: number): void;
  /** Signs what no head covers yet. LL_AUDITLOG_HEADS when the file cannot be written. */
  sign(): Promise<void>;
  /** Signs once more, then stops. */
  close(): Promise<void>;
}

const everyMs = 10_000;

type HeadBase = Pick<SignedHead, "size" | "edge">;

/** Signs a Merkle head per tenant every 10 s or 1,000 entries into a file of its own. */
export function createHeadWriter(deps: HeadWriterDeps): HeadWriter {
  return new FileHeadWriter(deps);
}

class FileHeadWriter implements HeadWriter {
  readonly #deps: HeadWriterDeps;
  readonly #last: Map<string, SignedHead>;
  #timer: Timer | undefined;
  #since = 0;
  #signing: Promise<void> | undefined;
  #isClosed = false;

  constructor(deps: HeadWriterDeps) {
    this.#deps = deps;
    this.#last = lastHeads(deps);
    this.#arm();
  }

  onCommit(count: number): void {
    this.#since += count;
    if (this.#since >= headEntriesMax) void this.#tick();
  }

  sign(): Promise<void> {
    this.#signing ??= this.#signAll().finally(() => void (this.#signing = undefined));
    return this.#signing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#signing;
    await this.#tick();
  }

  #arm(): void {
    this.#timer?.cancel();
    if (this.#isClosed) return;
    this.#timer = this.#deps.clock.after(everyMs, () => void this.#tick(), { unref: true });
  }

  async #tick(): Promise<void> {
    this.#timer?.cancel();
    try {
      await this.sign();
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      this.#deps.metrics.failed();
      this.#deps.logger.error("audit head not written", { code: "LL_AUDITLOG_HEADS", text });
    }
    this.#arm();
  }

  async #signAll(): Promise<void> {
    this.#since = 0;
    for (const { tenantId, seq } of await this.#deps.audit.heads()) {
      const signed = this.#last.get(tenantId)?.size ?? 0;
      if (seq < signed)
        this.#deps.logger.error("audit chain ends before its signed head", {
          tenantId,
          seq,
          signed,
        });
      await this.#cover(tenantId, seq);
    }
  }

  /** Signs heads of at most 1,000 entries each until `seq` is covered. */
  async #cover(tenantId: string, seq: number): Promise<void> {
    const base = await this.#base(tenantId);
    for (let { size } = base; size < seq;) {
      const page = { tenantId, afterSeq: size, order: "asc", limit: headEntriesMax } as const;
      const rows = await this.#deps.audit.query(page);
      if (rows.length === 0) return;
      const head = this.#headOver(tenantId, rows, base);
      this.#write(head);
      this.#last.set(tenantId, head);
      size = head.size;
    }
  }

  /** Where the next head goes on: the last one, or a checkpoint that lies beyond it. */
  async #base(tenantId: string): Promise<HeadBase> {
    const last = this.#last.get(tenantId);
    const { facts, verifyingKey } = this.#deps;
    const text = facts && !last ? await checkpointText(facts, tenantId) : undefined;
    if (text === undefined) return last ?? { size: 0, edge: [] };
    const start = startOf(readCheckpoint(text, tenantId, verifyingKey));
    return { size: start.seq, edge: start.edge.map((hash) => hash.toString("hex")) };
  }

  #headOver(tenantId: string, rows: readonly AuditRow[], base: HeadBase): SignedHead {
    const { clock, key } = this.#deps;
    const before = this.#last.get(tenantId) ?? base;
    const edge = before.edge.map((hex) => Buffer.from(hex, "hex"));
    const tree = createMerkleTree(before.size, edge);
    const marks: Buffer[] = [];
    for (const row of rows) {
      const hash = Buffer.from(row.hash, "hex");
      tree.add(hash);
      marks.push(hash.subarray(0, markBytes));
    }
    const head = {
      v: 1,
      tenant: tenantId,
      size: tree.size(),
      from: before.size,
      root: tree.root().toString("hex"),
      edge: tree.edge().map((hash) => hash.toString("hex")),
      marks: Buffer.concat(marks).toString("base64"),
      ts: new Date(clock.wallMs()).toISOString(),
      keyId: key.id,
    } as const;
    return signHead(head, key);
  }

  #write(head: SignedHead): void {
    try {
      appendFileSync(this.#deps.path, headLine(head), { mode: 0o600, flush: true });
      this.#deps.metrics.headSigned();
    } catch (cause) {
      throw gatewayErrors.make("LL_AUDITLOG_HEADS", `${this.#deps.path}: ${reason(cause)}.`, {
        cause,
      });
    }
  }
}

/** The last head of each tenant that this key signed: where to go on after a restart. */
function lastHeads(deps: HeadWriterDeps): Map<string, SignedHead> {
  const last = new Map<string, SignedHead>();
  const text = readText(deps.path);
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) truncateSync(deps.path, Buffer.byteLength(whole));
  for (const head of parseHeads(whole).heads)
    if (isHeadSigned(head, deps.verifyingKey)) last.set(head.tenant, head);
  return last;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return "";
    throw gatewayErrors.make("LL_AUDITLOG_HEADS", `${path}: ${reason(cause)}.`, { cause });
  }
}

function reason(cause: unknown): string {
  return codeOf(cause, "unusable");
}
