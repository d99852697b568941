import { describe, expect, it } from "vitest";
import { untilReached } from "./until-reached.ts";

const seen = (fault: string | null, status: number | null = null) => [
  { ok: false, exchange: { status, fault } },
];
const local = seen("connect: EMFILE: too many open files");
const fine = [{ ok: true, exchange: { status: 200, fault: null } }];

/** What came of attempts that see these, one after another, and which were said to be lost. */
async function run(answers: readonly (typeof local)[], retries?: number) {
  const lost: number[] = [];
  let made = 0;
  const found = await untilReached(() => Promise.resolve(answers[made++] ?? fine), {
    retries,
    onFault: (_, attempt) => lost.push(attempt),
  });
  return { made, lost, found };
}

describe("an attempt that reached nothing", () => {
  it("is made again twice where the plan says nothing, and each is said", async () => {
    expect(await run([local, local, fine])).toEqual({ made: 3, lost: [1, 2], found: fine });
    expect(await run([local, local, local, fine])).toEqual({
      made: 3,
      lost: [1, 2, 3],
      found: null,
    });
  });

  it("is made again as often as the plan says, and not at all with 0", async () => {
    expect(await run([local, fine], 1)).toMatchObject({ made: 2, found: fine });
    expect(await run([local, local, fine], 1)).toMatchObject({ made: 2, found: null });
    expect(await run([local, fine], 0)).toMatchObject({ made: 1, lost: [1], found: null });
  });

  it.each([
    ["a refused connection", seen("connect: ECONNREFUSED")],
    ["a timeout", seen("timeout: no end within 100 ms")],
    ["a reset", seen("reset: ECONNRESET")],
    ["an answer of 500", seen(null, 500)],
    ["an answer that speaks of EMFILE", seen("EMFILE", 500)],
  ])("%s of the target is what it did: nothing is tried again", async (_, answer) => {
    expect(await run([answer, fine])).toEqual({ made: 1, lost: [], found: answer });
  });
});
