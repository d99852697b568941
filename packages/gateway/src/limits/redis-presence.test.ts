import { monotonicUs, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { LocalStore } from "./local-store.ts";
import { RedisPresence } from "./redis-presence.ts";

const timeoutMs = 50;
const replicas = 4;
/** Redis' clock is so much ahead of ours. */
const aheadUs = 7_000_000;

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

/** A Redis that answers at once, or not until the time is over. */
class World {
  readonly clock = new TestClock();
  readonly local = new LocalStore(10);
  readonly told: string[] = [];
  isThere = true;
  areMastersThere = true;
  looks = 0;
  readonly presence: RedisPresence;

  constructor(isCluster = false) {
    const { clock, local, told } = this;
    this.presence = new RedisPresence({
      clock,
      local,
      replica: "one",
      replicasMax: 8,
      leaseMs: 90_000,
      link: {
        isCluster,
        run: () => {
          this.looks++;
          if (this.isThere) return Promise.resolve([this.nowUs() + aheadUs, replicas]);
          return clock.sleep(timeoutMs).then(() => undefined);
        },
        areAllThere: () => Promise.resolve(this.areMastersThere),
      },
      log: (event, text) => void told.push(`${event} ${text}`),
      onOther: () => void told.push("other"),
      onBack: () => void told.push(`back, 1/${local.share}`),
      onLook: () => undefined,
    });
  }

  nowUs(): number {
    return monotonicUs(this.clock);
  }

  async pass(ms: number): Promise<void> {
    await settled();
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(10);
      await settled();
    }
  }

  /** Connected, and looked at. */
  async up(): Promise<this> {
    this.presence.onReady(true);
    await this.pass(10);
    expect(this.state).toBe("ok 1/1");
    return this;
  }

  /** A call that was sent now, and got no answer in time. */
  async fail(): Promise<void> {
    const startMs = this.clock.monotonicMs();
    await this.pass(timeoutMs);
    this.presence.onFailure(startMs);
  }

  get state(): string {
    return `${this.presence.health().state} 1/${this.local.share}`;
  }
}

describe("whether Redis is there", () => {
  it("is not known before its first answer: each replica takes one of the most shares there may be", async () => {
    const world = new World();
    expect([world.state, world.presence.isUp]).toEqual(["down 1/8", false]);
    await world.up();
    expect(world.told).toEqual(["back, 1/8", "limits.shared with 4 replicas"]);
    expect(world.presence.offsetUs).toBe(aheadUs);
  });

  it("up -> suspect after one call without an answer: Redis is asked on, a share decides the unanswered", async () => {
    const world = await new World().up();
    await world.fail();
    expect([world.state, world.presence.isUp, world.presence.isCertain]).toEqual([
      `degraded 1/${replicas}`,
      true,
      false,
    ]);
  });

  it("suspect -> up after an answer, and it is told first what was decided without it", async () => {
    const world = await new World().up();
    await world.fail();
    world.told.length = 0;
    world.presence.onAnswer(world.nowUs() + aheadUs, 0);
    expect(world.state).toBe("ok 1/1");
    expect(world.told).toEqual([`back, 1/${replicas}`]);
  });

  it("suspect -> down after 3 without an answer in a row, of which an answer makes none", async () => {
    const world = await new World().up();
    world.isThere = false;
    await world.fail();
    await world.fail();
    world.presence.onAnswer(world.nowUs() + aheadUs, 0);
    await world.fail();
    await world.fail();
    expect(world.state).toBe(`degraded 1/${replicas}`);
    await world.fail();
    expect([world.state, world.presence.isUp]).toEqual([`down 1/${replicas}`, false]);
    expect(world.told.at(-1)).toBe(`limits.degraded each limit holds for 1/${replicas}`);
  });

  it("calls that were under way together when one went unanswered are one failure", async () => {
    const world = await new World().up();
    const startMs = world.clock.monotonicMs();
    await world.pass(timeoutMs);
    for (let i = 0; i < 50; i++) world.presence.onFailure(startMs);
    expect(world.state).toBe(`degraded 1/${replicas}`);
  });

  it("down -> up after 3 looks 500 ms apart, not after 2, and a failure between begins anew", async () => {
    const world = await new World().up();
    world.isThere = false;
    for (let i = 0; i < 3; i++) await world.fail();
    world.told.length = 0;
    world.isThere = true;
    await world.pass(1400);
    expect(world.state).toBe(`down 1/${replicas}`);
    world.isThere = false;
    await world.pass(600);
    world.isThere = true;
    await world.pass(900);
    expect([world.state, world.told]).toEqual([`down 1/${replicas}`, []]);
    await world.pass(500);
    expect(world.state).toBe("ok 1/1");
    expect(world.told).toEqual([`back, 1/${replicas}`, `limits.shared with ${replicas} replicas`]);
  });

  it("a new connection while it is up is told of at once; one while it is down only that it is another", async () => {
    const world = await new World().up();
    world.told.length = 0;
    world.presence.onReady(false);
    expect(world.told).toEqual(["other", "back, 1/1"]);
    world.isThere = false;
    for (let i = 0; i < 3; i++) await world.fail();
    world.told.length = 0;
    world.presence.onReady(false);
    expect(world.told).toEqual(["other"]);
  });

  it("what was decided here just when an answer came is told with the next look", async () => {
    const world = await new World().up();
    world.told.length = 0;
    await world.pass(1000);
    expect(world.told).toEqual([]);
    world.local.hasUntold = true;
    await world.pass(1000);
    expect(world.told).toEqual(["back, 1/1"]);
  });

  it("of a cluster a call's answer says nothing: all masters have to answer", async () => {
    const world = await new World(true).up();
    world.areMastersThere = false;
    await world.pass(1000);
    expect(world.state).toBe(`degraded 1/${replicas}`);
    world.presence.onAnswer(world.nowUs() + aheadUs, 0);
    expect(world.state).toBe(`degraded 1/${replicas}`);
    await world.pass(1000);
    expect(world.state).toBe(`down 1/${replicas}`);
  });

  it("gives a sign of life each second while it is up, each 500 ms while not, and none when closed", async () => {
    const world = await new World().up();
    const count = async (ms: number): Promise<number> => {
      const before = world.looks;
      await world.pass(ms);
      return world.looks - before;
    };
    expect(await count(3000)).toBe(3);
    world.isThere = false;
    for (let i = 0; i < 3; i++) await world.fail();
    expect(await count(2200)).toBe(4);
    world.presence.close();
    expect(await count(3000)).toBe(0);
  });
});
