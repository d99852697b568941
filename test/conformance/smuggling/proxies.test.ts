import { requireParts } from "../../../packages/testkit/src/parts/index.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { corpus, victimsUnharmed } from "./laws.ts";
import { type Proxy, startHaproxy, startNginx } from "./proxies.ts";
import { startWorld, type World } from "./world.ts";

const proxies = [
  ["haproxy", startHaproxy, await requireParts(["haproxy"])],
  ["nginx", startNginx, await requireParts(["nginx"])],
] as const;

for (const [name, start, parts] of proxies) {
  describe.skipIf(parts.missing).each(["http1", "node"] as const)(
    `smuggled requests through ${name}, front %s`,
    (front) => {
      let world: World;
      let proxy: Proxy;
      beforeAll(async () => {
        world = await startWorld(front);
        proxy = await start(parts.found(name).path, world.port);
      });
      afterAll(async () => {
        await proxy[Symbol.asyncDispose]();
        await world[Symbol.asyncDispose]();
      });

      it.each(corpus.map((entry) => [entry.what, entry] as const))(
        "%s: every other client reads its own answer",
        async (_what, entry) => {
          expect(await victimsUnharmed(world, proxy.port, entry)).toEqual([]);
        },
      );
    },
  );
}
