import { describe, expect, it } from "vitest";
import { operator } from "../../identity/acting.ts";
import { openWorld } from "../../identity/world.fixture.ts";

const nobody = "000000000000";

describe("finding a key by its id", () => {
  it("gives that key among many, and none for an id that is nobody's, whatever is read for it", async () => {
    await using world = await openWorld();
    const { keys } = world.store.repositories;
    expect(await keys.find(nobody)).toBeUndefined();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++)
      ids.push((await world.identity.keys.create(operator(), { name: `key ${i}` })).id);
    for (const [i, id] of ids.entries())
      expect(await keys.find(id)).toMatchObject({ id, name: `key ${i}` });
    for (const id of [nobody, "zzzzzzzzzzzz", ""]) expect(await keys.find(id)).toBeUndefined();
  });
});
