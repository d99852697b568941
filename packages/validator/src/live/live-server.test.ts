import { once } from "node:events";
import { connect } from "node:net";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import type { LiveFrame } from "../load/types.ts";
import type { Edit } from "./edit.ts";
import { FrameHistory, framesMax } from "./history.ts";
import { editableOf, type LiveServer, startLiveServer } from "./index.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
const editable = [
  { scenario: "chat", of: "rate", max: 100 },
  { scenario: "tools", of: "users", max: 50 },
] as const;

function frame(due: number): LiveFrame {
  const none = { p50Ms: null, p99Ms: null, maxMs: null, ttftP99Ms: null };
  return { due, ok: due, bad: 0, inFlight: 0, elapsedMs: due * 500, leftMs: 0, ...none };
}

function start(edits: Edit[] = []): Promise<LiveServer> {
  return startLiveServer({
    port: 0,
    random: seededRandom(9),
    title: "<script>alert(1)</script>",
    editable,
    onEdit: (edit) => edits.push(edit),
  });
}

interface Session {
  readonly origin: string;
  readonly cookie: string;
}

async function enter(live: LiveServer): Promise<Session> {
  const answer = await fetch(live.url, { redirect: "manual" });
  const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return { origin: new URL(live.url).origin, cookie };
}

const post = (s: Session, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${s.origin}/edit`, {
    method: "POST",
    headers: { cookie: s.cookie, origin: s.origin, ...headers },
    body,
  });

describe("live page", () => {
  it("listens on 127.0.0.1 alone and lets one browser in, once", async () => {
    await using live = await start();
    expect(live.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
    const { origin } = new URL(live.url);
    for (const path of ["/", "/frames", "/?token=wrong", "/edit"]) {
      expect((await fetch(origin + path)).status, path).toBe(403);
    }
    const first = await fetch(live.url, { redirect: "manual" });
    expect(first.status).toBe(303);
    expect(first.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict/);
    expect((await fetch(live.url, { redirect: "manual" })).status).toBe(403);
  });

  it("the page runs nothing but its own script and shows names as text", async () => {
    await using live = await start();
    const { origin, cookie } = await enter(live);
    const page = await fetch(`${origin}/`, { headers: { cookie } });
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(page.headers.get("cache-control")).toBe("no-store");
    const text = await page.text();
    expect(text).not.toContain("<script>alert(1)");
    expect(text).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write/);
    const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1] ?? "none";
    expect(text.split(`nonce="${nonce}"`).length - 1).toBe(3);
  });

  it("a page that comes late has the history, then frames as they come, then the last word", async () => {
    await using live = await start();
    const { origin, cookie } = await enter(live);
    live.frame(frame(1));
    live.frame(frame(2));
    const answer = await fetch(`${origin}/frames`, { headers: { cookie } });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    live.frame(frame(3));
    live.end("READY: all proven");
    const reader = answer.body?.getReader();
    let text = "";
    while (!text.includes("event: end")) {
      const read = await reader?.read();
      text += Buffer.from(read?.value ?? []).toString("utf8");
    }
    const seen = [...text.matchAll(/"due":(\d+)/g)].map(([, due]) => Number(due));
    expect(seen).toEqual([1, 2, 3]);
    await reader?.cancel();
  });

  it("a page that was cut off gets what it missed, once; one that never was gets all", async () => {
    await using live = await start();
    const { origin, cookie } = await enter(live);
    for (let due = 1; due <= 5; due += 1) live.frame(frame(due));
    live.end("READY");
    const seenAfter = async (last?: string): Promise<number[]> => {
      const headers = { cookie, ...(last === undefined ? {} : { "last-event-id": last }) };
      const answer = await fetch(`${origin}/frames`, { headers });
      const reader = answer.body?.getReader();
      let text = "";
      while (!text.includes("event: end")) {
        text += Buffer.from((await reader?.read())?.value ?? []).toString("utf8");
      }
      await reader?.cancel();
      return [...text.matchAll(/"due":(\d+)/g)].map(([, due]) => Number(due));
    };
    expect(await seenAfter()).toEqual([1, 2, 3, 4, 5]);
    expect(await seenAfter("3")).toEqual([4, 5]);
    expect(await seenAfter("5")).toEqual([]);
    for (const odd of ["x", "-1", "1e999", ""]) {
      expect((await seenAfter(odd)).length, odd).toBe(odd === "1e999" ? 0 : 5);
    }
  });

  it("an address that is none and a request cut in its middle end nothing but themselves", async () => {
    const edits: Edit[] = [];
    await using live = await start(edits);
    const session = await enter(live);
    const { port, host } = new URL(live.url);
    const send = async (text: string): Promise<string> => {
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(text);
      const [bytes] = await once(socket, "data");
      socket.destroy();
      return String(bytes);
    };
    expect(await send(`GET // HTTP/1.1\r\nhost: ${host}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    const half = connect(Number(port), "127.0.0.1");
    half.write(
      `POST /edit HTTP/1.1\r\nhost: ${host}\r\norigin: ${session.origin}\r\n` +
        `cookie: ${session.cookie}\r\ncontent-length: 100\r\n\r\n{"scenario":`,
    );
    await once(half, "ready");
    half.resetAndDestroy();
    // The next answer comes after the broken request was seen, on the same event loop.
    expect((await post(session, '{"scenario":"chat","value":30}')).status).toBe(204);
    expect(edits).toHaveLength(1);
  });

  it("a change needs the session and this page's origin, a known scenario and a value below the cap", async () => {
    const edits: Edit[] = [];
    await using live = await start(edits);
    const session = await enter(live);
    const status = async (body: string, headers?: Record<string, string>): Promise<number> =>
      (await post(session, body, headers)).status;
    expect(await status('{"scenario":"chat","value":30}')).toBe(204);
    expect(await status('{"scenario":"tools","value":5}')).toBe(204);
    expect(edits).toEqual([
      { scenario: "chat", of: "rate", value: 30 },
      { scenario: "tools", of: "users", value: 5 },
    ]);
    const good = '{"scenario":"chat","value":30}';
    expect(await status(good, { origin: "http://evil.test" })).toBe(403);
    expect(await status(good, { cookie: "loadline_live=guess" })).toBe(403);
    for (const bad of [
      "{",
      "{}",
      '{"scenario":"rag","value":3}',
      '{"scenario":"chat","value":101}',
      '{"scenario":"chat","value":0}',
      '{"scenario":"chat","value":-1}',
      '{"scenario":"tools","value":1.5}',
      '{"scenario":"chat","value":3,"more":1}',
      `{"scenario":"${"x".repeat(2_000)}","value":3}`,
    ]) {
      expect(await status(bad), bad.slice(0, 40)).toBe(400);
    }
    expect(edits).toHaveLength(2);
  });

  it("another name for the address is refused: a page of elsewhere was sent here", async () => {
    await using live = await start();
    const { port } = new URL(live.url);
    const { request: send } = await import("node:http");
    const status = await new Promise<number | undefined>((resolve) => {
      const call = send({ host: "127.0.0.1", port, headers: { host: "evil.test" } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      call.end();
    });
    expect(status).toBe(421);
  });

  it("a taken port is named", async () => {
    await using live = await start();
    const port = Number(new URL(live.url).port);
    const random = seededRandom(1);
    const again = startLiveServer({
      port,
      random,
      title: "",
      editable: [],
      onEdit: () => undefined,
    });
    await expect(again).rejects.toMatchObject({ code: "LL_LOAD_LIVE_PORT" });
  });

  it("history keeps half an hour and forgets the oldest", () => {
    const history = new FrameHistory();
    for (let due = 0; due < framesMax + 10; due++) history.push(frame(due));
    const all = history.after(0);
    expect(all).toHaveLength(framesMax);
    expect([all[0]?.frame.due, all.at(-1)?.frame.due]).toEqual([10, framesMax + 9]);
    expect([all[0]?.id, all.at(-1)?.id]).toEqual([11, framesMax + 10]);
    expect(history.after(framesMax + 8).map(({ id }) => id)).toEqual([
      framesMax + 9,
      framesMax + 10,
    ]);
  });

  it("users and rates may be changed, iterations and traces not", () => {
    const scenarios = {
      rate: { executor: "constant-arrival-rate", rate: 1, durationMs: 1, request },
      users: { executor: "constant-vus", vus: 1, durationMs: 1, request },
      fixed: { executor: "per-vu-iterations", vus: 1, iterations: 1, request },
    } as const;
    const load = { target: { baseUrl: "http://127.0.0.1" }, seed: 1, scenarios, limits: [] };
    expect(editableOf(load).map(({ scenario, of }) => `${scenario} ${of}`)).toEqual([
      "rate rate",
      "users users",
    ]);
  });
});
