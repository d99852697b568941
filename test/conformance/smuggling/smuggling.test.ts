import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sound } from "./entry.ts";
import { corpus, refusedAsDocumented } from "./laws.ts";
import { startWorld, talk, type World } from "./world.ts";

describe.each(["http1", "node"] as const)("smuggled requests, front %s", (front) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(front);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(corpus.map((entry) => [entry.what, entry.status, entry] as const))(
    "%s: %i, closed, and nothing hidden is served",
    async (_what, _status, entry) => {
      expect(await refusedAsDocumented(world, entry)).toEqual([]);
    },
  );

  it("the hidden request on its own is answered", async () => {
    const heard = await talk(world.port, sound(world.key, "hidden"), (text) =>
      text.includes("re:"),
    );
    expect(heard.contents).toEqual(["hidden"]);
  });
});
