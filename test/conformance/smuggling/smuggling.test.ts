import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TlsFolder } from "../../../packages/gateway/test/tls.ts";
import { listeners } from "../listeners.ts";
import { sound } from "./entry.ts";
import { corpus, refusedAsDocumented } from "./laws.ts";
import { startWorld, talk, type World } from "./world.ts";

describe.each(listeners)("smuggled requests, front %s, listener %s", (front, listener) => {
  let world: World;
  const tls = listener === "TLS" ? new TlsFolder() : undefined;
  beforeAll(async () => {
    world = await startWorld(front, {}, tls);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    tls?.[Symbol.dispose]();
  });

  it.each(corpus.map((entry) => [entry.what, entry.status, entry] as const))(
    "%s: %i, closed, and nothing hidden is served",
    async (_what, _status, entry) => {
      expect(await refusedAsDocumented(world, entry)).toEqual([]);
    },
  );

  it("the hidden request on its own is answered", async () => {
    const heard = await talk(world.door, sound(world.key, "hidden"), (text) =>
      text.includes("re:"),
    );
    expect(heard.contents).toEqual(["hidden"]);
  });
});
