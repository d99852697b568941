import { describe, expect, it } from "vitest";
import { asideStep, createFlight, type LoadOutcome } from "../engine/flight.ts";
import type { LoadPlan } from "../types.ts";
import { Recorder } from "./recorder.ts";

const plan: LoadPlan = {
  target: { baseUrl: "http://127.0.0.1:1" },
  seed: 7,
  scenarios: {
    s: {
      executor: "constant-arrival-rate",
      rate: 10,
      durationMs: 1_000,
      request: { kind: "http", method: "GET", path: "/" },
    },
  },
  limits: [
    {
      scenario: "s",
      metric: "errors",
      claim: "load.errors",
      stream: "load.errors",
      part: "s",
      looks: true,
    },
  ],
};

function send(into: Recorder, step: number, outcome: LoadOutcome): void {
  const flight = createFlight(0, 0, 100);
  flight.step = step;
  flight.wakeMs = flight.sendMs = 100;
  flight.doneMs = 105;
  into.due(0, flight);
  into.ended(flight, outcome);
}

describe("what a client sends on its own account", () => {
  it("is in the account and told apart there, and in no claim", () => {
    const recorder = new Recorder(plan);
    recorder.begin(0);
    send(recorder, 0, "reset");
    send(recorder, asideStep, "ok");
    send(recorder, asideStep, "connect");
    const [account] = recorder.accounts();
    expect(account).toMatchObject({ due: 3, ok: 1, bad: { reset: 1, connect: 1 } });
    expect(account?.aside).toEqual({ due: 2, ok: 1 });
    expect(recorder.looks()[0]?.tally).toMatchObject({ n: 1, bad: 1, badBy: { reset: 1 } });
  });

  it("adds up over senders, and is left out where there was none", () => {
    const [one, other] = [new Recorder(plan), new Recorder(plan)];
    for (const recorder of [one, other]) {
      recorder.begin(0);
      send(recorder, asideStep, "ok");
    }
    one.add(other);
    expect(one.accounts()[0]?.aside).toEqual({ due: 2, ok: 2 });
    const users = new Recorder(plan);
    users.begin(0);
    send(users, 0, "ok");
    expect(users.accounts()[0]).not.toHaveProperty("aside");
  });
});
