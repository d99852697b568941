import { afterAll, describe, expect, it } from "vitest";
import { TlsFolder } from "../../../packages/gateway/test/tls.ts";
import {
  aheadWaits,
  type FrontName,
  slowBodiesEnd,
  slowHeadsEnd,
  type SlowLaw,
  slowReaderEnds,
} from "./laws.ts";
import { lateReaderGetsAll, refusedBodiesEnd, unreadAnswersEnd } from "./unread.ts";

const tls = new TlsFolder();
afterAll(() => tls[Symbol.dispose]());

/** What is broken on a plain listener and on one of TLS: both are waited for at the same time. */
async function broken(law: SlowLaw, front: FrontName): Promise<string[]> {
  const [plain, secure] = await Promise.all([law(front), law(front, {}, tls)]);
  return [...plain, ...secure.map((sentence) => `over TLS: ${sentence}`)];
}

/** Law after law on each front: they mostly wait, so both at a time. */
const inTurn = { concurrent: false };

describe.concurrent.each(["http1", "node"] as const)("slow clients, front %s", (front) => {
  it(
    "slowloris: silent and dripping heads end at their deadline, others are served",
    inTurn,
    async () => {
      expect(await broken(slowHeadsEnd, front)).toEqual([]);
    },
  );

  it(
    "slow body: 408 at the request's deadline, in either framing, no upstream asked",
    inTurn,
    async () => {
      expect(await broken(slowBodiesEnd, front)).toEqual([]);
    },
  );

  it(
    "slow reader: the upstream rests, and the client is disconnected at its deadline",
    inTurn,
    async () => {
      expect(await broken(slowReaderEnds, front)).toEqual([]);
    },
  );

  it(
    "no reader: who sends request upon request and takes no answer is disconnected",
    inTurn,
    async () => {
      expect(await broken(unreadAnswersEnd, front)).toEqual([]);
    },
  );

  it(
    "late reader: all of a large answer arrives, on a connection that is kept and one that is not",
    inTurn,
    async () => {
      expect(await broken(lateReaderGetsAll, front)).toEqual([]);
    },
  );

  it(
    "refused body: what never comes holds the connection no longer than a request may take",
    inTurn,
    async () => {
      expect(await broken(refusedBodiesEnd, front)).toEqual([]);
    },
  );
});

describe("the own front", () => {
  it("reads no further ahead than 64 KiB while an answer is awaited", async () => {
    expect(await broken(aheadWaits, "http1")).toEqual([]);
  });
});
