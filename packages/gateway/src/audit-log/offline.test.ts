import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "../state/sqlite/open.ts";
import { stateFile } from "../state/state.ts";
import { chainBegin } from "./checkpoint.ts";
import { draftOf, sealDraft } from "./entry.ts";
import { event } from "./memory-audit.fixture.ts";
import { openOfflineAudit } from "./offline.ts";
import { purgeChain } from "./purge.ts";
import { loadSigningKey } from "./signing-key.ts";

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);
const tenant = "acme";
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-offline-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A log of eight days, of which five are behind a checkpoint when it is purged. */
async function makeLog(o: { isPurged: boolean }): Promise<void> {
  const clock = new TestClock(startMs + 100 * dayMs);
  const store = openSqliteStore(join(dir, stateFile), clock);
  const drafts = Array.from({ length: 8 }, (_, i) =>
    draftOf(event({ tenant }), { tsMs: startMs + i * dayMs, eventId: String(i) }),
  );
  await store.repositories.audit.append(tenant, drafts, sealDraft);
  const beforeMs = startMs + 5 * dayMs;
  const chain = { tenant, start: chainBegin, covered: undefined };
  if (o.isPurged) await purgeChain({ clock, store, key: loadSigningKey(dir), beforeMs, ...chain });
  await store.close();
}

/** What every reading of the log that needs the key ends with. */
async function codes(): Promise<string[]> {
  await using log = await openOfflineAudit({
    clock: new TestClock(),
    stateDir: dir,
    sql: "sqlite:",
  });
  const reads = [
    () => log.verify({}),
    () => log.proveEntry({ tenant, seq: 6 }),
    () => log.purge({ retentionDays: 90, isPlan: true }),
  ];
  const told: string[] = [];
  for (const read of reads)
    told.push(
      await read().then(
        () => "ok",
        (cause: unknown) => (cause instanceof LoadlineError ? cause.code : "?"),
      ),
    );
  return told;
}

describe("a log with a checkpoint, and its key", () => {
  it("missing is said to be the key, by its path", async () => {
    await makeLog({ isPurged: true });
    rmSync(join(dir, "audit-key.pub.pem"));
    const code = "LL_AUDITLOG_PUBLIC_KEY";
    expect(await codes()).toEqual([code, code, code]);
    await using log = await openOfflineAudit({
      clock: new TestClock(),
      stateDir: dir,
      sql: "sqlite:",
    });
    await expect(log.verify({})).rejects.toMatchObject({
      message: expect.stringContaining("audit-key.pub.pem is missing"),
    });
  });

  it("damaged is said to be the key", async () => {
    await makeLog({ isPurged: true });
    writeFileSync(join(dir, "audit-key.pub.pem"), "no key");
    expect((await codes())[0]).toBe("LL_AUDITLOG_PUBLIC_KEY");
  });

  it("in place is verified from the checkpoint on", async () => {
    await makeLog({ isPurged: true });
    await using log = await openOfflineAudit({
      clock: new TestClock(),
      stateDir: dir,
      sql: "sqlite:",
    });
    expect((await log.verify({})).problems).toEqual([]);
  });
});

describe("a log without heads and checkpoints", () => {
  it("needs no key to be verified", async () => {
    await makeLog({ isPurged: false });
    expect((await codes())[0]).toBe("ok");
  });

  it("that is no database is unreadable, whatever its key is", async () => {
    writeFileSync(join(dir, stateFile), "no database at all, but text");
    await expect(codes()).rejects.toMatchObject({ code: "LL_AUDITLOG_UNREADABLE" });
  });
});
