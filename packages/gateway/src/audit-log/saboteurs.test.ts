import { describe, expect, it } from "vitest";
import { openWorld, type World } from "../admin/world.fixture.ts";
import type { Controls } from "../controls.ts";
import type { OpenedAuditLog } from "./open.ts";

/** A log that differs from the real one in the members given. */
function instead(other: Partial<OpenedAuditLog>): Partial<Controls> {
  return {
    audit: (log) => ({
      record: (event) => log.record(event),
      isAccepting: () => log.isAccepting(),
      write: (audit, event) => log.write(audit, event),
      flush: (timeoutMs) => log.flush(timeoutMs),
      close: (timeoutMs) => log.close(timeoutMs),
      depth: () => log.depth(),
      end: () => log.end(),
      ...other,
    }),
  };
}

const chat = { model: "sim", messages: [{ role: "user", content: "hi" }] };

/** What must hold of every gateway: an act and a denial each leave one entry. */
async function breaches(world: World): Promise<string[]> {
  const found: string[] = [];
  const { secret, id } = await world.makeKey({ name: "n", permissions: ["models:read"] });
  await world.ask("POST /v1/chat/completions", { key: secret, body: chat });
  const entries = await world.entries();
  const count = (action: string, of: string): number =>
    entries.filter((e) => e.action === action && [e.object.id, e.actor.credential].includes(of))
      .length;
  if (count("key.created", id) !== 1) found.push("an act without its entry");
  if (count("authz.denied", id) !== 1) found.push("a denial without its entry");
  return found;
}

describe("a sabotaged audit log", () => {
  const sync = { auditLog: { sync: true } };

  it("the real one has no breach", async () => {
    await using world = await openWorld(sync);
    expect(await breaches(world)).toEqual([]);
  });

  it("one that writes no acts is noticed", async () => {
    await using world = await openWorld(sync, instead({ write: () => Promise.resolve() }));
    expect(await breaches(world)).toEqual(["an act without its entry"]);
  });

  it("one that records no denials is noticed", async () => {
    await using world = await openWorld(sync, instead({ record: () => undefined }));
    expect(await breaches(world)).toEqual(["a denial without its entry"]);
  });

  it("an entry that fails takes the change of its act back", async () => {
    const failing = instead({
      write: (audit, event) =>
        event.surface === undefined
          ? Promise.resolve()
          : Promise.reject(new Error(`${String(audit !== undefined)} refused`)),
    });
    await using world = await openWorld({}, failing);
    const made = await world.ask("POST /admin/v1/keys", { body: { name: "never" } });
    expect(made.status).toBe(500);
    expect((await world.ask("GET /admin/v1/keys?limit=1000")).text).not.toContain("never");
  });

  it("a log that cannot keep entries stops calls for models and files, and nothing else", async () => {
    await using world = await openWorld({}, instead({ isAccepting: () => false }));
    const answer = await world.ask("POST /v1/chat/completions", {
      key: world.keys.caller,
      body: chat,
    });
    expect([answer.status, answer.text]).toEqual([
      503,
      expect.stringContaining("LL_AUDITLOG_FULL"),
    ]);
    expect(answer.headers.get("retry-after")).toBe("1");
    const file = `DELETE /v1/files/file-${"0".repeat(24)}`;
    const removed = await world.ask(file, { key: world.keys.caller });
    expect([removed.status, removed.text]).toEqual([
      503,
      expect.stringContaining("LL_AUDITLOG_FULL"),
    ]);
    expect((await world.ask("GET /healthz")).status).toBe(200);
    expect((await world.ask("GET /admin/v1/keys")).status).toBe(200);
  });

  it("a full queue stops the admin plane even where model calls go on without entries", async () => {
    const full = instead({ depth: () => 10_000 });
    await using world = await openWorld({ auditLog: { onFull: "continue" } }, full);
    const admin = await world.ask("GET /admin/v1/keys");
    expect([admin.status, admin.text]).toEqual([503, expect.stringContaining("LL_AUDITLOG_FULL")]);
    const answer = await world.ask("POST /v1/chat/completions", {
      key: world.keys.caller,
      body: chat,
    });
    expect(answer.status).toBe(200);
  });
});
