import { describe, expect, it } from "vitest";
import { aheadWaits, slowBodiesEnd, slowHeadsEnd, slowReaderEnds } from "./laws.ts";
import { lateReaderGetsAll, refusedBodiesEnd, unreadAnswersEnd } from "./unread.ts";

describe.each(["http1", "node"] as const)("slow clients, front %s", (front) => {
  it("slowloris: silent and dripping heads end at their deadline, others are served", async () => {
    expect(await slowHeadsEnd(front)).toEqual([]);
  });

  it("slow body: 408 at the request's deadline, in either framing, no upstream asked", async () => {
    expect(await slowBodiesEnd(front)).toEqual([]);
  });

  it("slow reader: the upstream rests, and the client is disconnected at its deadline", async () => {
    expect(await slowReaderEnds(front)).toEqual([]);
  });

  it("no reader: who sends request upon request and takes no answer is disconnected", async () => {
    expect(await unreadAnswersEnd(front)).toEqual([]);
  });

  it("late reader: all of a large answer arrives, on a connection that is kept and one that is not", async () => {
    expect(await lateReaderGetsAll(front)).toEqual([]);
  });

  it("refused body: what never comes holds the connection no longer than a request may take", async () => {
    expect(await refusedBodiesEnd(front)).toEqual([]);
  });
});

describe("the own front", () => {
  it("reads no further ahead than 64 KiB while an answer is awaited", async () => {
    expect(await aheadWaits("http1")).toEqual([]);
  });
});
