import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { draftOf, sealDraft } from "./entry.ts";
import { parseHeads } from "./head.ts";
import { createHeadWriter, type HeadWriter } from "./heads.ts";
import { event, MemoryAudit } from "./memory-audit.fixture.ts";
import { createAuditMetrics } from "./metrics.ts";
import { loadSigningKey, loadVerifyingKey } from "./signing-key.ts";

let dir: string;
let path: string;
let clock: TestClock;
let audit: MemoryAudit;
let metrics: ReturnType<typeof createMetrics>;
let logged = "";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-heads-"));
  path = join(dir, "heads.ndjson");
  clock = new TestClock();
  audit = new MemoryAudit();
  metrics = createMetrics();
  logged = "";
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

function open(): HeadWriter {
  return createHeadWriter({
    clock,
    logger: createLogger({ clock, write: (text) => void (logged += text) }),
    metrics: createAuditMetrics(metrics),
    audit,
    key: loadSigningKey(dir),
    verifyingKey: loadVerifyingKey(dir),
    path,
  });
}

async function append(count: number): Promise<void> {
  const from = audit.rows.length;
  for (let i = 0; i < count; i++) {
    const draft = draftOf(event(), { tsMs: 0, eventId: `e${from + i}` });
    await audit.append("acme", [draft], sealDraft);
  }
}

const sizes = (): number[] => parseHeads(readFileSync(path, "utf8")).heads.map((head) => head.size);

describe("signed heads", () => {
  it("are written every 10 s, and only for what is new", async () => {
    open();
    await append(3);
    clock.advance(9_999);
    await settle();
    expect(() => sizes()).toThrow("ENOENT");
    clock.advance(1);
    await settle();
    expect(sizes()).toEqual([3]);
    clock.advance(20_000);
    await settle();
    expect(sizes()).toEqual([3]);
    await append(1);
    clock.advance(10_000);
    await settle();
    expect(sizes()).toEqual([3, 4]);
    expect(metrics.render()).toContain("loadline_audit_heads_total 2\n");
  });

  it("are written at once after 1,000 commits", async () => {
    const writer = open();
    await append(5);
    writer.onCommit(999);
    await settle();
    expect(() => sizes()).toThrow("ENOENT");
    writer.onCommit(1);
    await settle();
    expect(sizes()).toEqual([5]);
  });

  it("a sink that cannot be written is logged, and covered once it can", async () => {
    mkdirSync(join(dir, "gone"), { mode: 0o500 });
    path = join(dir, "gone", "sub", "heads.ndjson");
    open();
    await append(2);
    clock.advance(10_000);
    await settle();
    expect(logged).toContain("LL_AUDITLOG_HEADS");
    chmodSync(join(dir, "gone"), 0o700);
    mkdirSync(join(dir, "gone", "sub"));
    clock.advance(10_000);
    await settle();
    expect(sizes()).toEqual([2]);
  });

  it("a store that is behind its signed head is an error in the log", async () => {
    const writer = open();
    await append(4);
    await writer.close();
    audit.rows = audit.rows.slice(0, 2);
    metrics = createMetrics();
    await open().sign();
    expect(logged).toContain("audit chain ends before its signed head");
  });

  it("the private key is the owner's alone; one that others can read is refused", () => {
    loadSigningKey(dir);
    const file = join(dir, "audit-key.pem");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(loadSigningKey(dir).id).toBe(loadVerifyingKey(dir).id);
    chmodSync(file, 0o644);
    expect(() => loadSigningKey(dir)).toThrow(expect.objectContaining({ code: "LL_AUDITLOG_KEY" }));
  });
});
