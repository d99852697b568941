import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { createGateway, type Gateway, loadConfig, operator } from "@loadline/gateway";
import { removeFolder } from "../../testkit/src/remove-folder.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyDir } from "../test/bundles.ts";
import { ensureLocalKey } from "./local-key.ts";

let stateDir = "";
let gateway: Gateway;

async function open(): Promise<void> {
  const config = loadConfig(undefined, {}, { stateDir, listen: { port: 0 } });
  const deps = { clock: systemClock(), random: systemRandom(), log: () => undefined };
  gateway = await createGateway(config, deps);
}

beforeEach(async () => {
  stateDir = emptyDir();
  await open();
});
afterEach(async () => {
  await gateway.close({ graceMs: 0 });
  removeFolder(stateDir);
});

/** Nothing here fails twice. */
const noSecond = (cause: unknown): never => {
  throw cause;
};
const path = (): string => join(stateDir, "local.key");
const check = async (secret: string): Promise<boolean> =>
  (await gateway.identity.keys.check(secret)).ok;

describe("the key of up", () => {
  it("is made once, kept for its owner alone, and good", async () => {
    const made = await ensureLocalKey(gateway, noSecond);
    expect(made).toMatchObject({ isNew: true, path: path() });
    expect(await check(made.secret)).toBe(true);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(readFileSync(path(), "utf8")).toBe(`${made.secret}\n`);
    expect(existsSync(`${path()}.new`)).toBe(false);
  });

  it("stays the same over starts", async () => {
    const { secret } = await ensureLocalKey(gateway, noSecond);
    await gateway.close({ graceMs: 0 });
    await open();
    expect(await ensureLocalKey(gateway, noSecond)).toEqual({ secret, path: path(), isNew: false });
  });

  it("that was revoked is replaced, and the file holds the new one", async () => {
    const old = await ensureLocalKey(gateway, noSecond);
    const answer = await gateway.identity.keys.check(old.secret);
    if (!answer.ok) expect.unreachable();
    else await gateway.identity.keys.revoke(operator(), answer.id);
    await gateway.close({ graceMs: 0 });
    await open();
    const next = await ensureLocalKey(gateway, noSecond);
    expect(next.isNew).toBe(true);
    expect(next.secret).not.toBe(old.secret);
    expect([await check(old.secret), await check(next.secret)]).toEqual([false, true]);
    expect(readFileSync(path(), "utf8").trim()).toBe(next.secret);
  });

  it.each([0o644, 0o640, 0o604, 0o666])(
    "in a file of mode %o is refused, and not used: others may have read it",
    async (mode) => {
      await ensureLocalKey(gateway, noSecond);
      chmodSync(path(), mode);
      const refused = ensureLocalKey(gateway, noSecond);
      await expect(refused).rejects.toMatchObject({ code: "LL_CLI_KEY_FILE", row: { exit: 78 } });
      await expect(refused).rejects.toThrow(`${path()} may be read by others.`);
    },
  );

  it.each(["", "\n", "not a key", "ll_local_00000000_0000"])(
    "a file that holds %j holds no good key: another is made in its place",
    async (text) => {
      writeFileSync(path(), text, { mode: 0o600 });
      const made = await ensureLocalKey(gateway, noSecond);
      expect([made.isNew, await check(made.secret)]).toEqual([true, true]);
    },
  );

  it("may call and be scraped, and manages nobody", async () => {
    const { secret } = await ensureLocalKey(gateway, noSecond);
    const answer = await gateway.identity.keys.check(secret);
    const id = answer.ok ? answer.id : "";
    const { roles, permissions } = await gateway.identity.keys.show(operator(), id);
    expect([...roles].sort()).toEqual(["editor", "scraper"]);
    expect(permissions).not.toContain("keys:manage");
    expect(permissions).not.toContain("users:manage");
  });
});
