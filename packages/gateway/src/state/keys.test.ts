import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseKey } from "../identity/keys/key-format.ts";
import { checkKey, createKey, listKeys, revokeKey, rotateKey, showKey } from "./keys.ts";
import { processStart, isAlive } from "./owner.ts";
import { openState, type State } from "./state.ts";

let dir = "";
let clock = new TestClock();
let state: State;
const open = (exclusive = false): State =>
  openState(dir, { clock, random: systemRandom() }, { exclusive });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-state-"));
  clock = new TestClock();
  state = open();
});
afterEach(() => {
  state.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("keys", () => {
  it("a key has the documented form, and one changed letter is malformed", () => {
    const { id, secret } = createKey(state, { name: "a", env: "prod" });
    expect(secret).toMatch(/^ll_prod_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(parseKey(secret)?.id).toBe(id);
    for (let i = 0; i < secret.length; i++) {
      const other = secret[i] === "x" ? "y" : "x";
      expect(checkKey(state, secret.slice(0, i) + other + secret.slice(i + 1)).ok).toBe(false);
    }
  });

  it("a key expires on time and a revoked one stays revoked", () => {
    const { id, secret } = createKey(state, { name: "a", expiresMs: 1000 });
    expect(checkKey(state, secret)).toEqual({ ok: true, id });
    clock.advance(1000);
    expect(checkKey(state, secret)).toEqual({ ok: false, code: "LL_AUTH_EXPIRED" });
    expect(revokeKey(state, id).state).toBe("revoked");
    expect(checkKey(state, secret)).toEqual({ ok: false, code: "LL_AUTH_REVOKED" });
    expect(() => rotateKey(state, id)).toThrow("revoked");
  });

  it("rotation keeps both secrets good until the overlap ends, and no third without force", () => {
    const first = createKey(state, { name: "a" });
    const second = rotateKey(state, first.id, { overlapMs: 1000 });
    expect([checkKey(state, first.secret).ok, checkKey(state, second.secret).ok]).toEqual([
      true,
      true,
    ]);
    expect(() => rotateKey(state, first.id)).toThrow(
      expect.objectContaining({ code: "LL_KEY_OVERLAP_ACTIVE" }),
    );
    clock.advance(1000);
    expect(checkKey(state, first.secret).ok).toBe(false);
    rotateKey(state, first.id);
    expect(rotateKey(state, first.id, { force: true }).id).toBe(first.id);
  });

  it("keys are listed and shown without secrets; an unknown id is named", () => {
    const { id, secret } = createKey(state, { name: "a" });
    const shown = JSON.stringify([listKeys(state), showKey(state, id)]);
    expect(shown).not.toContain(secret.split("_")[3]);
    expect(() => showKey(state, "nope")).toThrow(
      expect.objectContaining({ code: "LL_KEY_UNKNOWN" }),
    );
    expect(() => createKey(state, { name: "" })).toThrow("name");
    expect(() => createKey(state, { name: "a", env: "x_y" })).toThrow("env");
  });

  it("keys made with another pepper are not good, and a pepper others can read is refused", () => {
    state.close();
    chmodSync(join(dir, "pepper"), 0o644);
    expect(() => open()).toThrow(expect.objectContaining({ code: "LL_STATE_PEPPER" }));
    rmSync(join(dir, "pepper"));
    expect(() => open()).toThrow("missing");
  });
});

describe("ownership", () => {
  it("a live owner is refused by pid, a dead or reused pid is replaced", () => {
    const owner = open(true);
    expect(() => open(true)).toThrow(`process ${process.pid}`);
    owner.db.prepare("UPDATE owner SET start_ticks = start_ticks + 1").run();
    open(true).close();
    owner.db.prepare("INSERT INTO owner VALUES (1, 4194303, 1)").run();
    open(true).close();
    owner.close();
    expect(isAlive({ pid: process.pid, startTicks: processStart(process.pid) ?? -1 })).toBe(true);
  });

  it("shared openings need no ownership", () => {
    const owner = open(true);
    createKey(state, { name: "a" });
    expect(listKeys(owner)).toHaveLength(1);
    owner.close();
  });
});
