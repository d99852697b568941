import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { exchangeOf } from "../limits/limits.fixture.ts";
import type { CancelReason, Exchange, Refusal } from "../pipeline/exchange.ts";
import { anonymousPrincipal } from "./acting.ts";
import type { Evicted } from "./authenticator.ts";
import { endRunning } from "./end-running.ts";

const ids = (o: Partial<Record<keyof Evicted, string>>): Evicted => {
  const setOf = (id: string | undefined) => new Set(id === undefined ? [] : [id]);
  return { keys: setOf(o.keys), owners: setOf(o.owners), tenants: setOf(o.tenants) };
};

/** Exchanges under way, and how each was ended. */
function running(...list: Exchange[]) {
  const refused: [Exchange, Refusal][] = [];
  let walks = 0;
  const inFlight = {
    each(run: (x: Exchange) => void): void {
      walks++;
      for (const x of list) run(x);
    },
  };
  return {
    refused,
    walks: () => walks,
    end: (ended: Evicted) => endRunning(inFlight, ended, (x, why) => void refused.push([x, why])),
  };
}

const of = (credentialId: string, id = "owner", tenantId = "acme"): Exchange => {
  const x = exchangeOf({}, new TestClock());
  x.principal = { ...anonymousPrincipal(), credentialId, id, tenantId };
  return x;
};

describe("what runs for a principal that is gone", () => {
  it.each([
    ["a revoked key", ids({ keys: "k1" })],
    ["a disabled owner", ids({ owners: "u1" })],
    ["a disabled tenant", ids({ tenants: "t1" })],
  ])("%s: its exchange is refused with LL_AUTH_REVOKED, another's goes on", (_, ended) => {
    const [theirs, other] = [of("k1", "u1", "t1"), of("k2", "u2", "t2")];
    const { refused, end } = running(other, theirs);
    end(ended);
    expect(refused).toEqual([[theirs, { code: "LL_AUTH_REVOKED" }]]);
  });

  it("ends a call that has begun by its own cancel, told why, and refuses it not as well", () => {
    const begun = of("k1");
    const reasons: CancelReason[] = [];
    begun.cancel = (reason) => void reasons.push(reason);
    const { refused, end } = running(begun);
    end(ids({ keys: "k1" }));
    expect([reasons, refused]).toEqual([["revoked"], []]);
  });

  it("leaves alone what is over and what nobody is known for", () => {
    const over = of("k1");
    over.exit({ reason: "ok", status: 200 });
    const unknown = exchangeOf({}, new TestClock());
    unknown.principal = undefined;
    const { refused, end } = running(over, unknown);
    end(ids({ keys: "k1" }));
    expect(refused).toEqual([]);
  });

  it("does not walk through what runs when nothing ended", () => {
    const { walks, end } = running(of("k1"));
    end(ids({}));
    expect(walks()).toBe(0);
  });
});
