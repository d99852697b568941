import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { ObjectFault, type ObjectStore } from "./object-store.ts";
import { watchStore } from "./watched-store.ts";

const stepMs = 50;

type Mood = "good" | "refuses" | "silent";

interface State {
  mood: Mood;
  pings: number;
  isClosed: boolean;
}

/** A store with a mood; what is silent settles only when it is `thawed`, whatever its signal says. */
function moody() {
  const clock = new TestClock();
  const state: State = { mood: "good", pings: 0, isClosed: false };
  const calls: string[] = [];
  const changes: string[] = [];
  const frozen: (() => void)[] = [];
  const thawed = (): void => {
    state.mood = "good";
    for (const go of frozen.splice(0)) go();
  };
  const answer = <T>(value: T): Promise<T> => {
    if (state.mood === "good") return Promise.resolve(value);
    if (state.mood === "silent")
      return new Promise((resolve) => void frozen.push(() => resolve(value)));
    return Promise.reject(new ObjectFault("refused", "403 AccessDenied"));
  };
  const store: ObjectStore = {
    put: () => answer(undefined),
    get: () => answer(undefined),
    remove: () => answer(undefined),
    list: () => answer(["a"]),
    ping() {
      state.pings++;
      return answer(undefined);
    },
    close: () => void (state.isClosed = true),
  };
  const watched = watchStore(store, {
    clock,
    timeoutMs: 2000,
    onCall: (call, end) => void calls.push(`${call} ${end}`),
    onChange: (health, detail) => void changes.push(`${health.state} ${detail}`.trim()),
  });
  const list = (): Promise<string[]> => watched.run("list", (s, signal) => s.list("", 1, signal));
  /** Time goes on in steps, after each of which what was answered is heard. */
  const pass = async (ms: number): Promise<void> => {
    for (let done = 0; done < ms; done += stepMs) {
      clock.advance(Math.min(stepMs, ms - done));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { pass, state, calls, changes, watched, list, thawed };
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "ok",
    (cause: unknown) => (cause instanceof ObjectFault ? `${cause.kind}: ${cause.message}` : "?"),
  );

describe("a watched object store", () => {
  it.each(["refuses", "silent"] as const)(
    "that %s is away within 2 s without a call of anybody, and is told once",
    async (mood) => {
      const { pass, state, changes, watched } = moody();
      await pass(600);
      state.mood = mood;
      await pass(2000);
      expect(watched.health).toMatchObject({ state: "down", code: "LL_FILE_STORE_AWAY" });
      await pass(60_000);
      expect(changes).toHaveLength(1);
      watched.close();
    },
  );

  it("one ping that is lost is not yet an outage", async () => {
    const { pass, state, changes, watched } = moody();
    await pass(100);
    state.mood = "refuses";
    const before = state.pings;
    while (state.pings === before) await pass(1);
    state.mood = "good";
    await pass(5000);
    expect([watched.health.state, changes]).toEqual(["ok", []]);
    watched.close();
  });

  it("refuses calls at once while it is away, without asking it, and takes them once it is back", async () => {
    const { pass, state, calls, changes, watched, list, thawed } = moody();
    state.mood = "silent";
    await pass(3000);
    expect(await codeOf(list())).toBe("unreachable: the object store is away");
    thawed();
    await pass(1100);
    expect(await list()).toEqual(["a"]);
    expect(calls).toEqual(["list skipped", "list ok"]);
    expect(changes).toEqual(["down the last ping has no answer", "ok"]);
    watched.close();
  });

  it("asks a store that does not answer nothing more, however long it is silent", async () => {
    const { pass, state, watched, thawed } = moody();
    await pass(1);
    state.mood = "silent";
    const before = state.pings;
    await pass(60_000);
    expect(state.pings).toBe(before + 1);
    expect(watched.health.state).toBe("down");
    thawed();
    await pass(1100);
    expect(watched.health.state).toBe("ok");
    watched.close();
  });

  it("a call ends within its time even when the store does not heed its signal", async () => {
    const { pass, state, calls, watched, list } = moody();
    await pass(1);
    state.mood = "silent";
    const call = codeOf(list());
    await pass(2000);
    expect(await call).toBe("unreachable: timeout");
    expect(calls).toEqual(["list unreachable"]);
    watched.close();
  });

  it("asks no more once it is closed, and closes the store", async () => {
    const { pass, state, watched } = moody();
    await pass(1);
    watched.close();
    const before = state.pings;
    await pass(10_000);
    expect([state.pings, state.isClosed]).toEqual([before, true]);
  });
});
