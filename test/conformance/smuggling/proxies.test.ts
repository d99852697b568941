import { requireParts } from "../../../packages/testkit/src/parts/index.ts";
import type { Controls } from "../../../packages/gateway/src/controls.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chat } from "./entry.ts";
import { corpus, victimsUnharmed } from "./laws.ts";
import { type Proxy, startHaproxy, startNginx } from "./proxies.ts";
import { proxyMark, startWorld, type World } from "./world.ts";

const proxies = [
  ["haproxy", startHaproxy, await requireParts(["haproxy"])],
  ["nginx", startNginx, await requireParts(["nginx"])],
] as const;

/** As long as the longest sound body that is sent here. */
const enoughBytes = chat("outer").length;

/** A front that leaves the rest of a body where it lies: what a proxy forwards as a body, it serves. */
const readsNoLongBody: Partial<Controls> = {
  front: (parts) => ({
    ...parts,
    parseHead(text, headersMax) {
      const head = parts.parseHead(text, headersMax);
      return head && { ...head, contentLength: Math.min(head.contentLength, enoughBytes) };
    },
  }),
};

for (const [name, start, parts] of proxies) {
  describe.skipIf(parts.missing)(`a front that lets requests be smuggled through ${name}`, () => {
    it("and reads no long body to its end is found out by CL.0", async () => {
      await using world = await startWorld("http1", readsNoLongBody);
      await using proxy = await start(parts.found(name).path, world.port);
      const entry = corpus.find(({ what }) => what.startsWith("CL.0 behind"));
      if (!entry) throw new Error("no entry CL.0");
      const broken = await victimsUnharmed(world, proxy.port, entry);
      expect(broken).toContain("a request was read that the proxy never knew of");
    });
  });

  describe.skipIf(parts.missing).each(["http1", "node"] as const)(
    `smuggled requests through ${name}, front %s`,
    (front) => {
      let world: World;
      let proxy: Proxy;
      let ownHeads = 0;
      const counting: Partial<Controls> = {
        front: (parts) => ({
          ...parts,
          parseHead(text, headersMax) {
            const head = parts.parseHead(text, headersMax);
            if (head && text.toLowerCase().includes(proxyMark)) ownHeads++;
            return head;
          },
        }),
      };
      beforeAll(async () => {
        world = await startWorld(front, counting);
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

      it("is read by the front that it is about", () => {
        // Each entry has victims; what they say on a kept connection is read once.
        if (front === "http1") expect(ownHeads).toBeGreaterThan(corpus.length / 4);
        else expect(ownHeads).toBe(0);
      });
    },
  );
}
