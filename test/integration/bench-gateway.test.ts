import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { listenOnLoopback, serveOnLoopback } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addedOf, ofRelay } from "../../bench/gateway/added.ts";
import { Caller } from "../../bench/gateway/drive.ts";
import { type Peer, readPeers } from "../../bench/gateway/peer-table.ts";
import { measurePeer } from "../../bench/gateway/peers.ts";
import { scalingRow, type ScalingRound } from "../../bench/gateway/scaling.ts";
import { sharesOf, steps } from "../../bench/gateway/steps.ts";
import { completion, endJson } from "../../packages/gateway/test/answers.ts";

/** A gateway that was built elsewhere: it knows a file, a variable, a header and a path of readiness. */
const stranger = `
const { createServer, request } = require("node:http");
const { readFileSync } = require("node:fs");
const [port, file] = process.argv.slice(2);
const upstream = readFileSync(file, "utf8").trim();
createServer((asked, answer) => {
  if (asked.url === "/up") return answer.end("ok");
  if (asked.headers["x-stranger"] !== process.env.STRANGER) return answer.writeHead(401).end();
  const sent = request(upstream + "/chat/completions", { method: "POST" }, (from) => {
    answer.writeHead(from.statusCode, from.headers);
    from.pipe(answer);
  });
  asked.pipe(sent);
}).listen(Number(port), "127.0.0.1");
`;

const row = {
  name: "stranger 1.0",
  command: [process.execPath, "{dir}/stranger.cjs", "{port}", "{dir}/upstream"],
  environment: { STRANGER: "word" },
  ready: "/up",
  headers: { "x-stranger": "word" },
  files: { "stranger.cjs": stranger, upstream: "{base}/v1\n" },
  warmRequests: 64,
  requestsPerRound: 64,
};

/** What is measured has a core of its own. */
function whyNotPinned(): string {
  if (process.platform !== "linux" || availableParallelism() < 2)
    return "needs Linux and two cores";
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return "";
  } catch (cause) {
    return `needs taskset (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}

const why = whyNotPinned();
if (why !== "") process.stderr.write(`NOT TESTED: peers of the gateway's bench (${why})\n`);

describe("another gateway in the bench", () => {
  const dir = mkdtempSync(join(tmpdir(), "ll-peers-"));
  const file = join(dir, "peers.json");
  let asked = 0;
  const upstream = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      if (request.url === "/v1/chat/completions") asked++;
      endJson(response, 200, completion());
    });
  });
  let base = "";
  beforeAll(async () => {
    base = `http://127.0.0.1:${await listenOnLoopback(upstream)}`;
  });
  afterAll(() => {
    upstream.closeAllConnections();
    upstream.close();
    rmSync(dir, { recursive: true, force: true });
  });

  function peersOf(...rows: readonly object[]): readonly Peer[] {
    writeFileSync(file, JSON.stringify(rows));
    return readPeers(file);
  }

  it.skipIf(why !== "")(
    "joins by its command, environment, readiness, headers and files alone, beside the relay",
    async () => {
      const [peer] = peersOf(row);
      if (!peer) throw new Error("no peer was read");
      let relayRounds = 0;
      const relayRound = (): Promise<number> => Promise.resolve(50 + (relayRounds++ % 2));
      const measured = await measurePeer(peer, { base, relayRound });
      expect(measured).toMatchObject({ subject: "stranger 1.0", ratio: expect.any(Number) });
      expect(Number(measured["microsPerRequest"])).toBeGreaterThan(0);
      expect(asked).toBe(peer.warmRequests + relayRounds * peer.requestsPerRound);
    },
  );

  it.skipIf(why !== "")(
    "that refuses its calls, or never is ready, is not tested, with why",
    async () => {
      const [refusing, absent] = peersOf(
        { ...row, headers: {} },
        { ...row, ready: "/nowhere", command: [process.execPath, "-e", ""] },
      );
      if (!refusing || !absent) throw new Error("no peers were read");
      expect(await measurePeer(refusing, { base })).toEqual({
        subject: "stranger 1.0",
        notTested: expect.stringMatching(/^401 /),
      });
      expect(await measurePeer(absent, { base })).toEqual({
        subject: "stranger 1.0",
        notTested: "it did not start",
      });
    },
  );

  it.each([
    ["a key that nobody knows", { ...row, port: 1 }, "peer 0: unknown port"],
    ["no command", { name: "a" }, "peer 0: needs name and command"],
    ["headers that are no map", { ...row, headers: 1 }, "peer 0.headers: expected an object"],
  ])("whose row has %s is refused by its place", (_what, bad, told) => {
    expect(() => peersOf(bad)).toThrow(told);
  });
});

describe("the ladder of the gateway's bench", () => {
  it("has budgets that leave 1.2 of the relay", () => {
    const sum = steps.reduce((total, { budget }) => total + budget, 0);
    expect(sum).toBeLessThanOrEqual(100 / 1.2);
  });

  it("counts for each step what it spends beyond the one before, round by round", () => {
    const relay = [100, 200, 100];
    const halves = [50, 100, 50];
    const scan = [60, 120, 90];
    expect(sharesOf(relay, [halves, scan])).toEqual([50, 10]);
  });
});

describe("a caller of the gateway's bench", () => {
  it("that asks on a connection which is gone is told so, and does not wait for an answer", async () => {
    await using serving = await serveOnLoopback(createTcpServer((socket) => socket.destroy()));
    const caller = await Caller.open(serving);
    const asked = (): Promise<string | undefined> =>
      new Promise((resolve) => caller.send(Buffer.from("GET"), (error) => resolve(error?.message)));
    expect(await asked()).toEqual(expect.any(String));
    expect(await asked()).toBe("closed before it was asked");
  });
});

describe("two workers in the gateway's bench", () => {
  const round = (perSecond: number, micros: number, drivingShare = 0.5): ScalingRound => ({
    perSecond,
    micros,
    sharedMicros: micros / 5,
    drivingShare,
  });
  // The second round of a slow moment: both are slow.
  const one = [round(1000, 40), round(500, 80), round(1000, 40)];
  const two = [round(1800, 50), round(900, 100), round(1700, 48)];

  it("are told in requests per second of one, round by round, where each has a core", () => {
    expect(scalingRow("two", { one, two }, 4)).toEqual({
      subject: "two",
      microsPerRequest: 50,
      supervisorMicros: 10,
      timesOneByCpu: 1.6,
      timesOne: 1.8,
    });
  });

  it("on fewer cores, or driven by something that is busy itself, are not tested, with why", () => {
    const few = scalingRow("two", { one, two }, 3);
    expect(few).toMatchObject({ timesOneByCpu: 1.6, notTested: "needs 4 cores, here are 3" });
    const busy = two.map((each) => ({ ...each, drivingShare: 0.75 }));
    const driven = scalingRow("two", { one, two: busy }, 4);
    expect(driven).toMatchObject({ notTested: expect.stringContaining("busy for 75 %") });
    for (const row of [few, driven]) expect(row).not.toHaveProperty("timesOne");
  });
});

describe("time that the gateway adds in its bench", () => {
  it("is what each round's quantile is beyond the direct way's of that round", () => {
    const direct = [
      [1, 2, 3],
      [11, 12, 13],
      [1, 2, 3],
    ];
    const own = [
      [2, 3, 5],
      [12, 14, 15],
      [2, 4, 5],
    ];
    expect(addedOf(direct, own)).toEqual({ addedP50Ms: 2, addedP99Ms: 2 });
  });

  it("is no part of a relay that seems to add nothing", () => {
    const own = { addedP50Ms: 1, addedP99Ms: 3 };
    expect(ofRelay(own, { addedP50Ms: 1, addedP99Ms: 2 })).toBe(1.5);
    expect(ofRelay(own, { addedP50Ms: 1, addedP99Ms: -1 })).toBeUndefined();
  });
});
