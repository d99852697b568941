import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { TargetDns } from "./target-dns.ts";

const first = [{ address: "127.0.0.1", family: 4 }];
const second = [{ address: "127.0.0.2", family: 4 }];

/** What a socket is told for a name. */
function ask(dns: TargetDns, all = true): Promise<unknown> {
  return new Promise((resolve) => {
    dns.lookup("target.test", { all }, (error, address, family) =>
      resolve(error?.code ?? (all ? address : [address, family])),
    );
  });
}

describe("target dns", () => {
  it("a name is asked for once, and again after 60 s", async () => {
    const clock = new TestClock();
    let asked = 0;
    const dns = new TargetDns(clock, (_name, done) => done(null, asked++ === 0 ? first : second));
    expect(await ask(dns)).toEqual(first);
    clock.advance(59_999);
    expect(await ask(dns, false)).toEqual(["127.0.0.1", 4]);
    expect(asked).toBe(1);
    clock.advance(1);
    expect(await ask(dns)).toEqual(second);
    expect(asked).toBe(2);
  });

  it("a failure is told and not kept", async () => {
    const failure = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    let fails = true;
    const dns = new TargetDns(new TestClock(), (_name, done) =>
      fails ? done(failure, []) : done(null, first),
    );
    expect(await ask(dns)).toBe("ENOTFOUND");
    fails = false;
    expect(await ask(dns)).toEqual(first);
  });
});
