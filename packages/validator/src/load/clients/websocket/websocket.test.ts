import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { systemClock } from "@loadline/kit/clock";
import {
  createFrameParser,
  encodeClose,
  encodeFrame,
  encodeUpgradeAnswer,
} from "@loadline/kit/websocket-frames";
import { describe, expect, it } from "vitest";
import { listenOnLoopback, serveOnLoopback } from "../../../../../testkit/src/listen.ts";
import { eventually } from "../../../../../testkit/src/eventually.ts";
import { startReferenceTarget } from "../../../../../testkit/src/reference-target/index.ts";
import { selfSigned } from "../../../../../testkit/src/self-signed/index.ts";
import type { Answer } from "../asked.ts";
import { createContext, dueNow, type RecordingContext } from "../context.fixture.ts";
import { Ledger } from "./ledger.ts";
import type { RoomsOptions } from "./options.ts";
import { Presence } from "./presence.ts";
import { Rooms } from "./rooms.ts";

const say = (rooms: Rooms, member: number): Promise<Answer> =>
  new Promise((resolve) => rooms.say(member, dueNow(member), resolve));
const call = (rooms: Rooms, member: number): Promise<Answer> =>
  new Promise((resolve) => rooms.call(member, dueNow(member), resolve));
const enter = (rooms: Rooms, member: number): Promise<string> =>
  new Promise((resolve) => rooms.enter(member, dueNow(member), resolve));

async function fullRoom(context: RecordingContext, members: number, o: Partial<RoomsOptions> = {}) {
  const rooms = new Rooms({ path: "/ws", ...o }, context);
  for (let i = 0; i < members; i++) expect(await enter(rooms, i)).toBe("ok");
  return rooms;
}

const shareOf = (context: RecordingContext): number => {
  const all = context.valuesOf("ws_delivery");
  return all.reduce((sum, one) => sum + one, 0) / all.length;
};

describe("rooms against the reference target", () => {
  it("every message reaches everybody but its sender, once, and fan-out is measured per receiver", async () => {
    await using target = await startReferenceTarget({});
    await using context = createContext(target.url);
    const rooms = await fullRoom(context, 5);
    for (let i = 0; i < 10; i++) expect((await say(rooms, i % 5)).outcome).toBe("ok");
    await rooms.close();
    expect(context.valuesOf("ws_delivery")).toEqual(Array.from({ length: 40 }, () => 1));
    expect(context.valuesOf("ws_fanout")).toHaveLength(40);
    expect(context.valuesOf("ws_fanout_last")).toHaveLength(10);
    expect(context.valuesOf("ws_duplicates")).toEqual([]);
    expect(context.valuesOf("ws_reordered")).toEqual([]);
    // Five connections and ten messages, each due and ended once.
    expect(context.ended.map(([, outcome]) => outcome)).toEqual(
      Array.from({ length: 15 }, () => "ok"),
    );
    expect(context.opened()).toBe(15);
    // 0 + 1 + 2 + 3 + 4 members heard of a newcomer.
    expect(context.valuesOf("ws_presence")).toHaveLength(10);
    expect((await target.truth()).counts).toMatchObject({ room_messages: 10, room_delivered: 40 });
  });

  it("1 % of loss is 99 % of delivery, by the target's own count and against its lying acks", async () => {
    const lossy = { loss: 0.01, lie: true, duplicate: 0.02 };
    await using target = await startReferenceTarget({ rooms: lossy });
    await using context = createContext(target.url);
    const rooms = await fullRoom(context, 51, { deliverWithinMs: 2000 });
    for (let i = 0; i < 100; i++) expect((await say(rooms, i % 51)).outcome).toBe("ok");
    await rooms.close();
    const { counts } = await target.truth();
    const { room_expected = 0, room_delivered = 0, room_duplicates = 0 } = counts;
    expect(room_expected).toBe(5000);
    expect(context.valuesOf("ws_delivery")).toHaveLength(room_expected);
    expect(shareOf(context)).toBe(room_delivered / room_expected);
    expect(Math.abs(shareOf(context) - 0.99)).toBeLessThan(0.005);
    expect(context.valuesOf("ws_duplicates")).toHaveLength(room_duplicates);
    const whole = context.figures.filter(({ name }) => name === "ws_fanout_last");
    expect(whole.some((one) => one.bad && Number.isNaN(one.value))).toBe(true);
  });

  it("a round trip is measured from its sending, and rooms do not hear each other", async () => {
    await using target = await startReferenceTarget({});
    await using context = createContext(target.url);
    const rooms = await fullRoom(context, 4, { rooms: 2 });
    const { outcome, flight } = await call(rooms, 0);
    expect(outcome).toBe("ok");
    expect(context.valuesOf("ws_rtt")).toEqual([flight.doneMs - flight.sendMs]);
    await say(rooms, 0);
    await rooms.close();
    expect(context.valuesOf("ws_delivery")).toEqual([1]);
    // By k6's names: four joins, a call and a message.
    expect(context.valuesOf("ws_sessions")).toEqual([1, 1, 1, 1]);
    expect(context.valuesOf("ws_msgs_sent")).toHaveLength(6);
    expect(context.valuesOf("ws_msgs_received").length).toBeGreaterThanOrEqual(7);
    const openMs = context.valuesOf("ws_session_duration");
    expect(openMs).toHaveLength(4);
    expect(openMs.every((ms) => ms > 0)).toBe(true);
  });

  it("a dead port, and a path that is no socket, end what was due by their own class", async () => {
    await using context = createContext("http://127.0.0.1:9");
    const rooms = new Rooms({ path: "/ws" }, context);
    const ends = await Promise.all([say(rooms, 0), say(rooms, 0), call(rooms, 1)]);
    expect(ends.map((one) => one.outcome)).toEqual(["connect", "connect", "connect"]);
    // Two connections and three messages.
    expect(context.opened()).toBe(5);
    expect(context.ended).toHaveLength(5);
    expect(ends.every((one) => Number.isNaN(one.flight.sendMs))).toBe(true);
  });
});

/** A server of one connection at a time that answers the upgrade, then does what it is told. */
async function serve(answer: (socket: Socket, text: string | null, key: string) => void) {
  const server = createServer((socket) => {
    let head = "";
    let isOpen = false;
    const sink = {
      message: (payload: Buffer) => answer(socket, payload.toString(), ""),
      ping: () => undefined,
      pong: () => undefined,
      close: () => socket.end(),
      fail: () => socket.destroy(),
    };
    const frames = createFrameParser({ role: "server" }, sink);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      if (isOpen) {
        frames.feed(chunk);
        return;
      }
      head += chunk.toString("latin1");
      const key = /sec-websocket-key: (.*)\r\n/.exec(head)?.[1] ?? "";
      if (!head.includes("\r\n\r\n")) return;
      isOpen = true;
      answer(socket, null, key);
    });
  });
  return await serveOnLoopback(server);
}

const send = (socket: Socket, message: unknown): void =>
  void socket.write(encodeFrame("text", Buffer.from(JSON.stringify(message)), null));
const welcome = (socket: Socket, text: string | null, key: string): boolean => {
  if (text === null) socket.write(encodeUpgradeAnswer(key));
  else if (JSON.parse(text).op === "join") send(socket, { op: "joined" });
  else return false;
  return true;
};

describe("sockets that misbehave", () => {
  const refusals: Record<string, [answer: string, outcome: string]> = {
    "401 to the upgrade": ["HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n", "status_4xx"],
    "429 to the upgrade": ["HTTP/1.1 429 X\r\ncontent-length: 0\r\n\r\n", "status_429"],
    "200 to the upgrade": ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "protocol"],
    "no HTTP at all": ["SSH-2.0-x\r\n\r\n", "protocol"],
    "the accept of another key": [encodeUpgradeAnswer("x").toString("latin1"), "protocol"],
    "a head without an end": ["HTTP/1.1 101 X\r\n".padEnd(70_000, "x"), "protocol"],
  };
  for (const [name, [bytes, outcome]] of Object.entries(refusals)) {
    it(`${name} is ${outcome}`, async () => {
      await using server = await serve((socket) => void socket.write(bytes));
      await using context = createContext(server.url);
      const rooms = new Rooms({ path: "/ws" }, context);
      expect((await say(rooms, 0)).outcome).toBe(outcome);
      expect(context.ended).toHaveLength(context.opened());
      await rooms.close();
    });
  }

  it("a connection that dies, a close frame and broken frames end what waits, and the next connects anew", async () => {
    let connections = 0;
    await using server = await serve((socket, text, key) => {
      if (text === null) connections++;
      if (welcome(socket, text, key)) return;
      if (connections === 1) socket.destroy();
      else if (connections === 2) socket.write(encodeClose(1011, "x", null));
      else if (connections === 3) socket.write(Buffer.from([0xff, 0xff]));
      else send(socket, { op: "ack", id: JSON.parse(text ?? "").id });
    });
    await using context = createContext(server.url);
    const rooms = new Rooms({ path: "/ws" }, context);
    const ends: string[] = [];
    for (let i = 0; i < 4; i++) ends.push((await say(rooms, 0)).outcome);
    expect(ends).toEqual(["reset", "reset", "protocol", "ok"]);
    expect(context.opened()).toBe(8);
    expect(context.ended).toHaveLength(8);
    await rooms.close();
  });

  it("a message waits for its crowd from the moment it was due, and a run that ends first has it", async () => {
    const sockets: [Socket, string][] = [];
    await using server = await serve((socket, text, key) => {
      if (text === null) sockets.push([socket, key]);
      else if (!welcome(socket, text, key)) send(socket, { op: "ack", id: JSON.parse(text).id });
    });
    await using context = createContext(server.url);
    const rooms = new Rooms({ path: "/ws" }, context);
    rooms.gather(3, dueNow());
    const ends: string[] = [];
    const waiting = new Promise<Answer>((resolve) => rooms.say(0, dueNow(), resolve));
    rooms.say(1, dueNow(), (answer) => ends.push(answer.outcome));
    const [, , , first, second] = context.begun;
    expect(first?.sendMs).toBeNaN();
    if (second !== undefined) context.finish(second, "unfinished");
    await eventually(context.clock, () => sockets.length === 3, 20_000);
    const letIn = (): number => context.ended.filter(([, outcome]) => outcome === "ok").length;
    const [one, ...others] = sockets;
    if (one !== undefined) welcome(one[0], null, one[1]);
    await eventually(context.clock, () => letIn() === 1, 20_000);
    // Its own member may be in: not all are.
    expect(first?.sendMs).toBeNaN();
    for (const [socket, key] of others) welcome(socket, null, key);
    const { outcome, flight } = await waiting;
    expect([outcome, flight]).toEqual(["ok", first]);
    // What the run ended is not sent after all.
    expect(ends).toEqual([]);
    expect(context.ended).toHaveLength(context.opened());
    await rooms.close();
    expect(context.valuesOf("ws_fanout")).toEqual([]);
  });

  it("over TLS a certificate nobody vouches for is tls, unless any is taken", async () => {
    const server = createTlsServer(selfSigned(), (socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => void socket.write("HTTP/1.1 403 X\r\n\r\n"));
    });
    server.on("tlsClientError", () => undefined);
    const port = await listenOnLoopback(server);
    const url = `https://127.0.0.1:${port}`;
    await using strict = createContext(url);
    expect((await say(new Rooms({ path: "/ws" }, strict), 0)).outcome).toBe("tls");
    await using lax = createContext(url, systemClock(), { insecure: true });
    expect((await say(new Rooms({ path: "/ws" }, lax), 0)).outcome).toBe("status_4xx");
    server.close();
  });

  it("an acknowledgement that never comes is a timeout, not a wait without end", async () => {
    await using server = await serve((socket, text, key) => void welcome(socket, text, key));
    await using context = createContext(server.url);
    const rooms = new Rooms({ path: "/ws", answerWithinMs: 50 }, context);
    expect((await say(rooms, 0)).outcome).toBe("timeout_first_byte");
    expect((await call(rooms, 0)).outcome).toBe("timeout_first_byte");
    await rooms.close();
  });

  it("a server without acknowledgements is judged by its deliveries alone", async () => {
    await using server = await serve((socket, text, key) => void welcome(socket, text, key));
    await using context = createContext(server.url);
    const rooms = new Rooms(
      { path: "/ws", dialect: { ack: null, echo: null }, deliverWithinMs: 50 },
      context,
    );
    await enter(rooms, 1);
    expect((await say(rooms, 0)).outcome).toBe("ok");
    expect((await call(rooms, 0)).outcome).toBe("script");
    await rooms.close();
    expect(context.valuesOf("ws_delivery")).toEqual([0]);
  });
});

describe("ledger", () => {
  const kept = (): { told: [string, number, boolean][]; ledger: Ledger } => {
    const told: [string, number, boolean][] = [];
    const tell = (name: string, value: number, bad = false): void =>
      void told.push([name, value, bad]);
    return { told, ledger: new Ledger(tell) };
  };

  it("who joins after a message was sent is not owed it, who left still is", () => {
    const { told, ledger } = kept();
    ledger.join("r", 0);
    ledger.join("r", 1);
    ledger.send("a", { room: "r", sender: 0, seq: 1, nowMs: 10 });
    ledger.join("r", 2);
    ledger.leave("r", 1);
    ledger.receive("a", 2, 11);
    expect(told).toEqual([]);
    expect(ledger.close("a")).toBe(false);
    expect(told).toEqual([
      ["ws_delivery", 0, true],
      ["ws_fanout_last", Number.NaN, true],
    ]);
    expect(ledger.open).toBe(0);
  });

  it("the second copy is a duplicate, an older message after a newer one is out of order", () => {
    const { told, ledger } = kept();
    for (const member of [0, 1]) ledger.join("r", member);
    ledger.send("a", { room: "r", sender: 0, seq: 1, nowMs: 0 });
    ledger.send("b", { room: "r", sender: 0, seq: 2, nowMs: 1 });
    ledger.receive("b", 1, 3);
    ledger.receive("a", 1, 4);
    ledger.receive("a", 1, 5);
    const names = told.map(([name]) => name);
    expect(names.filter((name) => name === "ws_reordered")).toHaveLength(1);
    expect(names.filter((name) => name === "ws_duplicates")).toHaveLength(1);
    expect(names.filter((name) => name === "ws_delivery")).toHaveLength(2);
    expect(told.find(([name]) => name === "ws_fanout")).toEqual(["ws_fanout", 2, false]);
  });

  it("a delivery past its time, or of a message nobody sent, counts as none", () => {
    const { told, ledger } = kept();
    for (const member of [0, 1]) ledger.join("r", member);
    ledger.send("a", { room: "r", sender: 0, seq: 1, nowMs: 0 });
    ledger.close("a");
    ledger.receive("a", 1, 9);
    ledger.receive("x", 1, 9);
    expect(told.filter(([name, value]) => name === "ws_delivery" && value === 1)).toEqual([]);
  });
});

describe("presence", () => {
  it("counts from asking to join, whichever is heard first, and who never hears is missing", () => {
    const told: [string, number, boolean][] = [];
    const presence = new Presence((name, value, bad = false) => void told.push([name, value, bad]));
    // Heard before it asked: somebody else, with the same count of members.
    presence.heard("r", 3, { member: 0, nowMs: 5 });
    presence.heard("r", 3, { member: 1, nowMs: 13 });
    const key = presence.joined("r", 3, { askedMs: 10, others: [0, 1, 2] });
    presence.heard("r", 3, { member: 2, nowMs: 17 });
    presence.heard("r", 3, { member: 2, nowMs: 18 });
    presence.close(key);
    expect(told).toEqual([
      ["ws_presence", 3, false],
      ["ws_presence", 7, false],
      ["ws_presence", Number.NaN, true],
    ]);
  });
});
