import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { gatewayErrors } from "../errors.ts";
import { type Op, Peer } from "./peer.ts";

interface Calls {
  readonly double: Op<number, number>;
  readonly note: Op<string, void>;
  readonly never: Op<void, void>;
}

/** Two ends with a channel that copies messages, as one between processes does. */
function pair() {
  const clock = new TestClock();
  const noted: string[] = [];
  const faults: string[] = [];
  let messages = 0;
  let isUp = true;
  const handlers = {
    double(n: number) {
      if (n === 7) throw gatewayErrors.make("LL_STATE_CONFLICT", "seven", { detail: "row 7" });
      if (n === 8) throw new TypeError("eight");
      return n * 2;
    },
    note: (text: string) => void noted.push(text),
    never: () => new Promise<void>(() => undefined),
  };
  const sendTo = (to: () => Peer<Calls, Calls>) => (message: unknown) => {
    messages++;
    if (isUp) to().receive(structuredClone(message));
    return isUp;
  };
  const onFault = (text: string): void => void faults.push(text);
  const here: Peer<Calls, Calls> = new Peer<Calls, Calls>(
    { clock, send: sendTo(() => there), onFault },
    handlers,
  );
  const there: Peer<Calls, Calls> = new Peer<Calls, Calls>(
    { clock, send: sendTo(() => here), onFault },
    handlers,
  );
  return { clock, here, there, noted, faults, messages: () => messages, cut: () => (isUp = false) };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

describe("a channel between two processes", () => {
  it("answers calls both ways, and those of one turn travel in one message", async () => {
    const p = pair();
    const all = [1, 2, 3].map((n) => p.here.call("double", n));
    expect(await Promise.all(all)).toEqual([2, 4, 6]);
    expect(p.messages()).toBe(2);
    expect(await p.there.call("double", 21)).toBe(42);
  });

  it("an error keeps code, message and detail; one without a code keeps its message", async () => {
    const p = pair();
    const expected = { code: "LL_STATE_CONFLICT", message: "seven", detail: "row 7" };
    await expect(p.here.call("double", 7)).rejects.toMatchObject(expected);
    await expect(p.here.call("double", 8)).rejects.toThrow("eight");
  });

  it("what is told is not answered, and a fault in it is told here", async () => {
    const p = pair();
    p.here.tell("note", "hello");
    p.here.tell("double", 8);
    await settle();
    expect(p.noted).toEqual(["hello"]);
    expect(p.faults).toEqual(["double: eight"]);
    expect(p.messages()).toBe(1);
  });

  it("a call without an answer fails after its time, and a late answer is nobody's", async () => {
    const p = pair();
    const call = p.here.call("never", undefined, 1000);
    await settle();
    p.clock.advance(1000);
    await expect(call).rejects.toMatchObject({ code: "LL_SERVER_WORKER" });
    p.here.receive([[-1, undefined]]);
    expect(await p.here.call("double", 1)).toBe(2);
  });

  it("when the other side is gone what is open fails, and so does all that follows", async () => {
    const p = pair();
    const open = p.here.call("never", undefined);
    await settle();
    p.here.end("killed");
    await expect(open).rejects.toMatchObject({ code: "LL_SERVER_WORKER", detail: "call: killed" });
    await expect(p.here.call("double", 1)).rejects.toMatchObject({ code: "LL_SERVER_WORKER" });
    const q = pair();
    q.cut();
    await expect(q.here.call("double", 1)).rejects.toMatchObject({ code: "LL_SERVER_WORKER" });
  });

  it("a call by a name that does not exist, and a message that is none, harm nobody", async () => {
    const p = pair();
    for (const junk of [undefined, 7, "x", {}, [7], [["a"]], [[0, "nothing", 1]], [[-99, 1]]])
      p.here.receive(junk);
    await settle();
    expect(p.faults).toEqual(["nothing: no call is named nothing"]);
    expect(await p.here.call("double", 2)).toBe(4);
  });
});
