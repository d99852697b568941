import { describe, expect, it } from "vitest";
import { planFolder, ran, type Ran } from "../../plan/run.fixture.ts";
import { createContext, dueNow, type RecordingContext } from "../context.fixture.ts";
import { type LinkAnswer, Links } from "./links.ts";
import { startTalk } from "./links.fixture.ts";

const place = { vu: 0, path: "/talk" };
const any = (text: string): boolean => text !== "";
const echo = { fits: (text: string): boolean => text.startsWith("echo") };
const wanted = { fits: any, withinMs: 20_000, isFresh: false };

class Talker {
  readonly links: Links;

  constructor(context: RecordingContext) {
    this.links = new Links(context);
  }

  connect = (at = place): Promise<LinkAnswer> =>
    new Promise((resolve) => this.links.connect(at, dueNow(), resolve));
  send = (text: string): Promise<LinkAnswer> =>
    new Promise((resolve) => this.links.send(place, dueNow(), text, resolve));
  ask = (text: string, o: Partial<typeof wanted> = {}): Promise<LinkAnswer> =>
    new Promise((resolve) =>
      this.links.ask(place, dueNow(), { ...wanted, isFresh: true, ...o, text }, resolve),
    );
  receive = (o: Partial<typeof wanted> = {}): Promise<LinkAnswer> =>
    new Promise((resolve) => this.links.receive(place, dueNow(), { ...wanted, ...o }, resolve));
  ping = (at = place, withinMs = 20_000): Promise<LinkAnswer> =>
    new Promise((resolve) => this.links.ping(at, dueNow(), withinMs, resolve));
  leave = (): Promise<LinkAnswer> =>
    new Promise((resolve) => this.links.leave(place, dueNow(), resolve));
}

const seen = ({ outcome, text }: LinkAnswer): readonly [string, string | null] => [outcome, text];

describe("a free socket", () => {
  it("opens, asks, hears what came before and says goodbye, each a due request that ends once", async () => {
    await using server = await startTalk();
    await using context = createContext(server.url);
    const talk = new Talker(context);
    expect(seen(await talk.connect({ ...place }))).toEqual(["ok", null]);
    expect(seen(await talk.ask("one", echo))).toEqual(["ok", "echo one"]);
    expect(seen(await talk.receive())).toEqual(["ok", "hello"]);
    expect(seen(await talk.send("two"))).toEqual(["ok", null]);
    expect(seen(await talk.receive())).toEqual(["ok", "echo two"]);
    expect(seen(await talk.leave())).toEqual(["ok", null]);
    expect(context.ended).toHaveLength(context.opened());
    expect(context.opened()).toBe(6);
    expect(context.valuesOf("ws_rtt")).toHaveLength(1);
    expect(context.valuesOf("ws_msgs_sent")).toHaveLength(2);
    expect(context.valuesOf("ws_msgs_received")).toHaveLength(3);
    expect(context.valuesOf("ws_sessions")).toEqual([1]);
    expect(context.valuesOf("ws_session_duration")).toHaveLength(1);
    expect(server.heads[0]).toMatch(/^GET \/talk HTTP\/1\.1/);
  });

  it("who opens a socket that is opening for another ends as that one does, never sooner", async () => {
    await using server = await startTalk();
    await using context = createContext(server.url);
    const talk = new Talker(context);
    const refused = { ...place, path: "/refused" };
    const both = await Promise.all([talk.connect(refused), talk.connect(refused)]);
    expect(both.map(({ outcome }) => outcome)).toEqual(["status_4xx", "status_4xx"]);
    const good = await Promise.all([talk.connect(), talk.connect()]);
    expect(good.map(({ outcome }) => outcome)).toEqual(["ok", "ok"]);
    expect(server.heads).toHaveLength(2);
    expect(context.ended).toHaveLength(context.opened());
  });

  it("an answer is the message that fits, sent after the question; others stay to be read", async () => {
    await using server = await startTalk();
    await using context = createContext(server.url);
    const talk = new Talker(context);
    await talk.ask("one", echo);
    const fits = (text: string): boolean => text.startsWith("answer");
    expect((await talk.ask("noisy", { fits })).text).toBe("answer to noisy");
    const rest = [await talk.receive(), await talk.receive(), await talk.receive()];
    expect(rest.map(({ text }) => text)).toEqual(["hello", "tick", "tick"]);
    await talk.links.close();
  });

  it("a ping ends with its own pong, each on its own, and is told as ws_ping", async () => {
    await using server = await startTalk();
    await using context = createContext(server.url);
    const talk = new Talker(context);
    const both = await Promise.all([talk.ping(), talk.ping()]);
    expect(both.map(seen)).toEqual([
      ["ok", null],
      ["ok", null],
    ]);
    expect(new Set(server.pings).size).toBe(2);
    expect(context.valuesOf("ws_ping")).toHaveLength(2);
    expect(context.valuesOf("ws_ping").every((ms) => ms > 0 && ms < 20_000)).toBe(true);
    // No message: what the server said is still there.
    expect((await talk.receive()).text).toBe("hello");
    expect(context.valuesOf("ws_msgs_received")).toHaveLength(1);
    await talk.links.close();
    expect(context.ended).toHaveLength(context.opened());
  });

  it("a ping without its pong is late, and a connection that goes ends it: no ws_ping is told", async () => {
    await using server = await startTalk();
    await using context = createContext(server.url);
    const talk = new Talker(context);
    const mute = { ...place, path: "/mute" };
    expect((await talk.ping(mute, 30)).outcome).toBe("timeout_first_byte");
    const cut = talk.ping(mute);
    await server[Symbol.asyncDispose]();
    expect((await cut).outcome).toBe("reset");
    expect(context.valuesOf("ws_ping")).toEqual([]);
    await talk.links.close();
    expect(context.ended).toHaveLength(context.opened());
  });

  it("silence is late, a close or a dead connection ends what waits, and the next call opens anew", async () => {
    await using server = await startTalk();
    await using context = createContext(server.url);
    const talk = new Talker(context);
    expect(
      (await talk.ask("silence", { withinMs: 30, fits: (text) => text === "x" })).outcome,
    ).toBe("timeout_first_byte");
    expect((await talk.ask("die", { fits: (text) => text === "x" })).outcome).toBe("reset");
    expect((await talk.ask("bye", { fits: (text) => text === "x" })).outcome).toBe("reset");
    expect((await talk.ask("back", { fits: (text) => text.includes("back") })).outcome).toBe("ok");
    expect(server.heads).toHaveLength(3);
    await talk.links.close();
    expect(context.ended).toHaveLength(context.opened());
  });

  it("a refusal is its status, a closed port a connect: outcomes, never exceptions", async () => {
    await using server = await startTalk();
    await using context = createContext(server.url);
    expect((await new Talker(context).connect({ vu: 0, path: "/refused" })).outcome).toBe(
      "status_4xx",
    );
    await using gone = createContext("http://127.0.0.1:9");
    const asked = await new Talker(gone).ask("x");
    expect(["connect", "reset"]).toContain(asked.outcome);
    expect(gone.ended).toHaveLength(gone.opened());
  });

  it("a user has a socket for each path, and users have their own", async () => {
    await using server = await startTalk();
    await using context = createContext(server.url);
    const talk = new Talker(context);
    for (const at of [place, { vu: 1, path: "/talk" }, { vu: 0, path: "/other" }, place]) {
      expect((await talk.connect(at)).outcome).toBe("ok");
    }
    expect(server.heads).toHaveLength(3);
    await talk.links.close();
  });
});

const steps = `steps:
        - { name: open, ws: { path: /talk, connect: true, headers: { x-room: "r\${vu}" } } }
        - { name: ask, ws: { path: /talk, ask: { n: "\${iteration}" }, contains: got, within: 20s } }
        - { check: { name: echoed, json: { got.n: null } } }
        - { name: push, ws: { path: /talk, send: "plain \${iteration}" } }
        - { name: hear, ws: { path: /talk, receive: true, contains: plain } }
        - { check: { name: heard, contains: "echo plain" } }
        - { name: ping, ws: { path: /talk, ping: true } }
        - { name: leave, ws: { path: /talk, close: true } }`;

const module = `export async function s(vu) {
  const link = await vu.ws.connect("/talk", { name: "open", headers: { "x-room": "r" + vu.id } });
  const asked = await link.ask({ n: vu.iteration }, { name: "ask", match: (t) => t.includes("got") });
  vu.check(asked, { echoed: (r) => r.json().got.n === vu.iteration });
  await link.send("plain " + vu.iteration, { name: "push" });
  const heard = await link.receive({ name: "hear", match: (t) => t.includes("plain") });
  vu.check(heard, { heard: (r) => r.text().startsWith("echo plain") });
  await link.ping({ name: "ping" });
  await link.close({ name: "leave" });
}`;

const figures = ({ records }: Ran): Record<string, readonly [number, number]> =>
  Object.fromEntries(
    records
      .flatMap((one) => (one.type === "figure" ? [one.figure] : []))
      .map(({ figure, count, bad }) => [figure, [count, bad] as const]),
  );

describe.each([
  ["steps", steps],
  ["module", 'requests: [open, ask, push, hear, ping, leave]\n      exec: "./s.ts#s"'],
])("a free socket in a scenario's %s", (_how, what) => {
  it("is opened, asked, heard and left as written, and counted by k6's names", async () => {
    await using server = await startTalk();
    using folder = planFolder();
    folder.write("s.ts", module);
    const file = await folder.compile(`load:
  target: { baseUrl: "${server.url}" }
  scenarios:
    s:
      executor: shared-iterations
      vus: 2
      iterations: 6
      ${what}
  thresholds:
    ws_rtt: ["p(95)<1s"]
    ws_ping: ["p(95)<1s"]
    ws_sessions: ["count==6"]
    "response_time{step:ask}": ["p(95)<1s"]
`);
    const result = await ran(file.plan);
    expect(result.events).toEqual([]);
    expect(result.accounts[0]).toMatchObject({ due: 36, ok: 36, bad: {} });
    expect(figures(result)).toMatchObject({
      ws_connecting: [6, 0],
      ws_rtt: [6, 0],
      ws_ping: [6, 0],
      ws_sessions: [6, 0],
      ws_msgs_sent: [12, 0],
      "check:echoed": [6, 0],
      "check:heard": [6, 0],
    });
    expect(server.heads.every((head) => /x-room: r[01]/.test(head))).toBe(true);
  });
});

describe("a step on a free socket", () => {
  it.each([
    ["{ path: /t }", "exactly one of"],
    ["{ path: /t, send: a, ask: b }", "exactly one of"],
    ["{ path: t, connect: true }", "/"],
    ["shout", "ws"],
  ])("%s is refused with its place", async (ws, message) => {
    using folder = planFolder();
    const refusal = await folder.refusal(`load:
  target: { baseUrl: "http://127.0.0.1:1" }
  scenarios:
    s: { executor: constant-vus, vus: 1, duration: 1s, steps: [{ ws: ${ws} }] }
`);
    expect(refusal).toContain("LL_LOAD_PLAN_INVALID");
    expect(refusal).toContain(message);
  });
});
