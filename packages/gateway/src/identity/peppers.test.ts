import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDir } from "../../test/harness.ts";
import { loadConfig } from "../config/load.ts";
import { Secret } from "../config/values.ts";
import { operator } from "./acting.ts";
import { checkPepper, openPeppers, pepperStatus } from "./peppers.ts";
import { openWorld, type World } from "./world.fixture.ts";

let world: World;
const own = new Uint8Array(32).fill(7);
const secret = (text: string): Secret => new Secret(text, "${env:X}");
const second = openPeppers({ 2: secret("s".repeat(32)) }, own);

beforeEach(async () => void (world = await openWorld()));
afterEach(() => world[Symbol.asyncDispose]());

describe("peppers", () => {
  it("the highest version is current; version 1 is the state directory's unless it is given", () => {
    expect([second.current, second.versions]).toEqual([2, [1, 2]]);
    expect(second.get(1)).toEqual(own);
    const given = openPeppers({ 1: secret("0f".repeat(32)) }, own);
    expect([given.current, given.get(1)?.[0], given.get(1)?.length]).toEqual([1, 0x0f, 32]);
  });

  it("a key of the old pepper stays good under a new one and is re-hashed on first use", async () => {
    const { id, secret: key } = await world.identity.keys.create(operator(), { name: "a" });
    const rotated = await world.second({ peppers: second });
    const { keys } = world.store.repositories;
    const status = () => pepperStatus(keys, second, world.clock.wallMs());
    const [older, newer] = [
      { version: 1, isCurrent: false, isGiven: true },
      { version: 2, isCurrent: true, isGiven: true },
    ];
    expect(await status()).toEqual([
      { ...older, secrets: 1 },
      { ...newer, secrets: 0 },
    ]);
    expect((await rotated.authenticate(key, "", 0)).ok).toBe(true);
    await expect.poll(status).toEqual([
      { ...older, secrets: 0 },
      { ...newer, secrets: 1 },
    ]);
    expect((await keys.find(id))?.pepperVersion).toBe(2);
    const again = await world.second({ peppers: second });
    expect((await again.authenticate(key, "", 0)).ok).toBe(true);
  });

  it("the status names a pepper that is gone while secrets need it, and counts both secrets of a rotation", async () => {
    const rotated = await world.second({ peppers: second });
    const { id } = await rotated.keys.create(operator(), { name: "a" });
    const first = openPeppers({}, own);
    const { keys } = world.store.repositories;
    const status = () => pepperStatus(keys, first, world.clock.wallMs());
    expect(await status()).toEqual([
      { version: 1, isCurrent: true, isGiven: true, secrets: 0 },
      { version: 2, isCurrent: false, isGiven: false, secrets: 1 },
    ]);
    await world.identity.keys.rotate(operator(), id, { overlapMs: 1000 });
    const secrets = async () => (await status()).map((one) => one.secrets);
    expect(await secrets()).toEqual([1, 1]);
    world.clock.advance(1000);
    expect(await secrets()).toEqual([1]);
    await world.identity.keys.revoke(operator(), id);
    expect(await secrets()).toEqual([0]);
  });

  it("without the pepper it was made under a key is not good, and no error escapes", async () => {
    const rotated = await world.second({ peppers: second });
    const { secret: key } = await rotated.keys.create(operator(), { name: "a" });
    expect(await world.identity.keys.check(key)).toEqual({ ok: false, code: "LL_AUTH_INVALID" });
  });

  it("a store whose keys were made with another pepper refuses the start", async () => {
    const { facts } = world.store.repositories;
    await checkPepper(facts, openPeppers({}, own));
    await checkPepper(facts, second);
    await expect(checkPepper(facts, openPeppers({}, new Uint8Array(32)))).rejects.toMatchObject({
      code: "LL_STATE_PEPPER",
      message: expect.stringContaining("auth.peppers"),
    });
  });

  it("in the configuration each is a reference of 32 characters or more, and shows itself as ***", () => {
    const path = join(temporaryDir(), "pepper");
    writeFileSync(path, "p".repeat(32));
    const config = loadConfig(undefined, {}, { auth: { peppers: { 2: `\${file:${path}}` } } });
    expect(JSON.stringify(config.auth)).toContain('"peppers":{"2":"***"}');
    for (const peppers of [{ 2: "p".repeat(32) }, { 2: "${env:SHORT}" }, { x: "${env:LONG}" }])
      expect(() =>
        loadConfig(undefined, { SHORT: "p", LONG: "p".repeat(32) }, { auth: { peppers } }),
      ).toThrow(expect.objectContaining({ row: expect.objectContaining({ exit: 78 }) }));
  });
});
