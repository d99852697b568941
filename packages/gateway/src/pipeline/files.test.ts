import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { errorCode, runGateway, type Running } from "../../test/harness.ts";
import { operator } from "../identity/acting.ts";

const clock = systemClock();
const flipMs = 30_000;
const largeBytes = 26 * 1024 * 1024;
/** The folder may take its time: a disk that others wait for too is no fault of a call. */
const withFiles = (): Promise<Running> =>
  runGateway({ stores: { objects: "file:", objectsTimeout: 60_000 } });
const awayCode = '"code":"LL_FILE_STORE_AWAY"';

function form(o: { text?: string; name?: string; purpose?: string } = {}): FormData {
  const body = new FormData();
  body.set("purpose", o.purpose ?? "batch");
  body.set("file", new File([o.text ?? "{}"], o.name ?? "a.jsonl"));
  return body;
}

function client(g: Running, secret = g.key) {
  const headers = { authorization: `Bearer ${secret}` };
  const askOnce = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${g.url}/v1/files${path}`, { headers, ...init });
  /** A machine that stands makes the store look away; it is back by itself. */
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    let answer = await askOnce(path, init);
    const isHere = async (): Promise<boolean> => {
      if (answer.status !== 503 || !(await answer.clone().text()).includes(awayCode)) return true;
      answer = await askOnce(path, init);
      return false;
    };
    await eventually(clock, isHere, flipMs);
    return answer;
  };
  const send = (body: FormData): Promise<Response> => ask("", { method: "POST", body });
  return {
    ask,
    askOnce,
    send,
    async upload(o: Parameters<typeof form>[0] = {}): Promise<string> {
      const text = await (await send(form(o))).text();
      const id = /"id":"(file-[0-9a-f]{24})"/.exec(text)?.[1];
      return id ?? expect.fail(`not taken: ${text}`);
    },
    async ids(query = ""): Promise<string[]> {
      const text = await (await ask(query)).text();
      return [...text.matchAll(/"id":"(file-[0-9a-f]{24})"/g)].map((found) => found[1] ?? "");
    },
  };
}

async function keyOf(g: Running, role: string, tenantId = "default"): Promise<string> {
  const { keys } = g.gateway.identity;
  return (await keys.create(operator(), { name: role, roles: [role], tenantId })).secret;
}

describe("/v1/files", () => {
  it("gives back byte for byte what was uploaded, until it is deleted", async () => {
    await using g = await withFiles();
    const { ask, upload } = client(g);
    const text = "zeile ä\r\n--\u0000".repeat(50_000);
    const id = await upload({ text, name: 'k"ä.jsonl' });
    const content = await ask(`/${id}/content`);
    expect(await content.text()).toBe(text);
    expect(content.headers.get("content-type")).toBe("application/octet-stream");
    expect(content.headers.get("content-disposition")).toBe(
      "attachment; filename*=UTF-8''k%22%C3%A4.jsonl",
    );
    const shown = { id, object: "file", filename: 'k"ä.jsonl', purpose: "batch" };
    const bytes = Buffer.byteLength(text);
    expect(await (await ask(`/${id}`)).json()).toMatchObject({ ...shown, bytes });
    const deleted = await ask(`/${id}`, { method: "DELETE" });
    expect(await deleted.json()).toEqual({ id, object: "file", deleted: true });
    expect((await ask(`/${id}`)).status).toBe(404);
    expect((await ask(`/${id}/content`)).status).toBe(404);
  });

  it("lists the newest first, in pages, and only one's own", async () => {
    await using g = await withFiles();
    const one = client(g, await keyOf(g, "caller"));
    const two = client(g, await keyOf(g, "caller"));
    const made: string[] = [];
    for (let i = 0; i < 3; i++) {
      made.unshift(await one.upload());
      // Ids of one millisecond have no order.
      await clock.sleep(2);
    }
    const other = await two.upload();
    expect(await one.ids()).toEqual(made);
    expect(await one.ids("?limit=2")).toEqual(made.slice(0, 2));
    expect(await one.ids(`?limit=2&after=${made[1]}`)).toEqual(made.slice(2));
    expect(await two.ids()).toEqual([other]);
    const admin = client(g, await keyOf(g, "admin"));
    expect((await admin.ids()).toSorted()).toEqual([...made, other].toSorted());
  });

  it("outlives a restart of the gateway", async () => {
    const g = await withFiles();
    const id = await client(g).upload({ text: "kept" });
    const files = join(g.stateDir, "objects", "files");
    const [tenant = ""] = readdirSync(files);
    const [name = ""] = readdirSync(join(files, tenant));
    expect(readFileSync(join(files, tenant, name), "utf8")).toContain(id);
    await g.gateway.close();
    await using again = await runGateway({ stores: { objects: "file:" } }, g.stateDir);
    expect(await (await client(again, g.key).ask(`/${id}/content`)).text()).toBe("kept");
  });

  it("acts and denials stay on record, without a file's name or bytes", async () => {
    await using g = await withFiles();
    const id = await client(g).upload({ text: "secret words", name: "private.jsonl" });
    const stranger = client(g, await keyOf(g, "caller"));
    expect((await stranger.ask(`/${id}/content`)).status).toBe(403);
    await client(g).ask(`/${id}`, { method: "DELETE" });
    const secret = await keyOf(g, "admin", "*");
    const trail = async (): Promise<string> => {
      const headers = { authorization: `Bearer ${secret}` };
      return (await fetch(`${g.url}/admin/v1/audit?tenantId=default`, { headers })).text();
    };
    const actions = ["file.created", "file.deleted", "authz.denied"];
    await eventually(
      clock,
      async () => {
        const text = await trail();
        return actions.every((action) => text.includes(`"action":"${action}"`));
      },
      flipMs,
    );
    expect(await trail()).not.toMatch(/private\.jsonl|secret words/);
    expect(g.logged()).not.toMatch(/private\.jsonl|secret words/);
  });
});

describe("the content of a file", () => {
  const isOpen = (g: Running, count: number): Promise<void> =>
    eventually(
      clock,
      async () =>
        (await (await g.get("/metrics")).text()).includes(`loadline_requests_open ${count}\n`),
      flipMs,
    );

  /** Asks for a file and takes no more of the answer than its beginning. */
  async function beginReading(g: Running, id: string): Promise<{ reader: Socket; begin: string }> {
    const reader = connect(Number(new URL(g.url).port), "127.0.0.1");
    reader.on("error", () => reader.destroy());
    const head = `host: a\r\nauthorization: Bearer ${g.key}\r\n\r\n`;
    reader.write(`GET /v1/files/${id}/content HTTP/1.1\r\n${head}`);
    const begin = await new Promise<string>((resolve) => {
      reader.once("data", (chunk: Buffer) => {
        reader.pause();
        resolve(chunk.toString("latin1", 0, 2048));
      });
    });
    return { reader, begin };
  }

  it("is under way until its reader has it or leaves, so that a drain knows of it", async () => {
    await using g = await withFiles();
    const id = await client(g).upload({ text: "x".repeat(24 * 1024 * 1024) });
    let { reader, begin } = await beginReading(g, id);
    // The store may look away between an upload and its reading too.
    const isGiven = async (): Promise<boolean> => {
      if (!begin.includes(awayCode)) return true;
      reader.destroy();
      ({ reader, begin } = await beginReading(g, id));
      return false;
    };
    await eventually(clock, isGiven, flipMs);
    expect(begin).toMatch(/^HTTP\/1\.1 200 /);
    await isOpen(g, 2);
    reader.destroy();
    await isOpen(g, 1);
  }, 150_000);

  it("is named by HEAD with its length and not sent", async () => {
    await using g = await withFiles();
    const id = await client(g).upload({ text: "x".repeat(300_000) });
    const head = await client(g).ask(`/${id}/content`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "300000"]);
    expect(await head.text()).toBe("");
    await isOpen(g, 1);
  });

  it("of a file without bytes is an empty answer", async () => {
    await using g = await withFiles();
    const id = await client(g).upload({ text: "" });
    const answer = await client(g).ask(`/${id}/content`);
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([
      200,
      "0",
      "",
    ]);
  });
});

describe("/v1/files refuses", () => {
  it.each<[string, (c: ReturnType<typeof client>) => Promise<Response>, number, string]>([
    [
      "a body that is no form",
      (c) => c.ask("", { method: "POST", body: "x" }),
      415,
      "LL_BODY_TYPE",
    ],
    ["a purpose that is none", (c) => c.send(form({ purpose: "x" })), 400, "LL_BODY_FIELD"],
    ["a name with a path", (c) => c.send(form({ name: "../a" })), 400, "LL_BODY_FIELD"],
    ["a name of dots", (c) => c.send(form({ name: ".." })), 400, "LL_BODY_FIELD"],
    [
      "a name that is too long",
      (c) => c.send(form({ name: "x".repeat(256) })),
      400,
      "LL_BODY_FIELD",
    ],
    ["an unknown query", (c) => c.ask("?order=asc"), 400, "LL_QUERY_FIELD"],
    ["a page of none", (c) => c.ask("?limit=0"), 400, "LL_QUERY_FIELD"],
    ["a page of too many", (c) => c.ask("?limit=101"), 400, "LL_QUERY_FIELD"],
    ["an id that is none", (c) => c.ask("/nothing"), 404, "LL_OBJECT_UNKNOWN"],
    ["an id with a path", (c) => c.ask("/..%2f..%2fpepper"), 400, "LL_HTTP_TARGET"],
    ["a path below an id", (c) => c.ask("/a/b"), 404, "LL_ROUTE_UNKNOWN"],
    [
      "a deletion of content",
      (c) => c.ask("/a/content", { method: "DELETE" }),
      405,
      "LL_ROUTE_METHOD",
    ],
    ["another method", (c) => c.ask("/a", { method: "PUT" }), 405, "LL_ROUTE_METHOD"],
  ])("%s", async (_what, ask, status, code) => {
    await using g = await withFiles();
    const answer = await ask(client(g));
    expect([answer.status, await errorCode(answer)]).toEqual([status, code]);
  });

  it("parts that are missing, twice or unknown, naming them", async () => {
    await using g = await withFiles();
    const { send } = client(g);
    const without = (name: string): FormData => {
      const body = form();
      body.delete(name);
      return body;
    };
    const more = (name: string): FormData => {
      const body = form();
      body.append(name, "batch");
      return body;
    };
    expect(await errorCode(await send(without("file")))).toBe("LL_BODY_FIELD");
    expect(await errorCode(await send(without("purpose")))).toBe("LL_BODY_FIELD");
    expect(await errorCode(await send(more("purpose")))).toBe("LL_BODY_DUPLICATE_KEY");
    expect(await errorCode(await send(more("owner")))).toBe("LL_BODY_UNKNOWN_FIELD");
  });

  it("a file of more than 25 MiB before it is kept", async () => {
    await using g = await withFiles();
    const { send, ids } = client(g);
    const answer = await send(form({ text: "x".repeat(25 * 1024 * 1024 + 1) }));
    expect([answer.status, await errorCode(answer)]).toEqual([413, "LL_BODY_TOO_LARGE"]);
    expect(await ids()).toEqual([]);
  });

  it.each<[string, string, string]>([
    ["named by its length, of which nothing is read", `content-length: ${largeBytes}`, ""],
    [
      "in chunks without an end, as soon as it is too much",
      "transfer-encoding: chunked",
      `${largeBytes.toString(16)}\r\n${"x".repeat(largeBytes)}\r\n`,
    ],
  ])("a body of 26 MiB %s", async (_what, framing, body) => {
    await using g = await withFiles();
    const answer = await g.raw(
      `POST /v1/files HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${g.key}\r\n` +
        `content-type: multipart/form-data; boundary=b\r\n${framing}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"code":"LL_BODY_TOO_LARGE"');
  });

  it("another owner's file with 403 and another tenant's with 404, whatever is asked", async () => {
    await using g = await withFiles();
    await g.gateway.identity.tenants.create(operator(), { id: "acme" });
    const id = await client(g, await keyOf(g, "caller")).upload();
    const same = client(g, await keyOf(g, "caller"));
    const foreign = client(g, await keyOf(g, "caller", "acme"));
    for (const [path, method] of [
      [`/${id}`, "GET"],
      [`/${id}/content`, "GET"],
      [`/${id}`, "DELETE"],
    ] as const) {
      expect((await same.ask(path, { method })).status).toBe(403);
      expect((await foreign.ask(path, { method })).status).toBe(404);
    }
    expect(await foreign.ids()).toEqual([]);
    const admin = client(g, await keyOf(g, "admin"));
    expect((await admin.ask(`/${id}`)).status).toBe(200);
  });

  it("everything with 404 where no store is configured", async () => {
    await using g = await runGateway();
    const answer = await client(g).ask("");
    expect([answer.status, await errorCode(answer)]).toEqual([404, "LL_FILE_STORE_OFF"]);
    expect(await (await g.get("/health")).text()).not.toContain('"objects"');
  });
});

describe("a store that is away", () => {
  it("makes uploads 503 with Retry-After, leaves chat and readiness alone, and is back by itself", async () => {
    await using g = await withFiles();
    const { ask, askOnce, upload } = client(g);
    const id = await upload({ text: "kept" });
    const root = join(g.stateDir, "objects");
    renameSync(root, `${root}-moved`);
    writeFileSync(root, "");
    const isSaid = async (state: string): Promise<boolean> =>
      (await (await g.get("/health")).text()).includes(
        `"objects":{"required":false,"state":"${state}"`,
      );
    await eventually(clock, () => isSaid("down"), flipMs);
    const post = { method: "POST", body: form() };
    for (const answer of [await askOnce(""), await askOnce(`/${id}`), await askOnce("", post)]) {
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(await errorCode(answer)).toBe("LL_FILE_STORE_AWAY");
    }
    const chat = await g.post("/v1/chat/completions", {
      model: "sim",
      messages: [{ role: "user", content: "x" }],
    });
    expect([chat.status, chat.headers.has("x-loadline-degraded")]).toEqual([200, false]);
    expect((await g.get("/readyz")).status).toBe(200);
    renameSync(root, `${root}-file`);
    renameSync(`${root}-moved`, root);
    await eventually(clock, () => isSaid("ok"), flipMs);
    expect(await (await ask(`/${id}/content`)).text()).toBe("kept");
  });

  it("a file whose bytes were changed is damaged, never given out", async () => {
    await using g = await withFiles();
    const { ask, upload } = client(g);
    const id = await upload({ text: "as it was" });
    const files = join(g.stateDir, "objects", "files");
    const [tenant = ""] = readdirSync(files);
    const [name = ""] = readdirSync(join(files, tenant));
    const path = join(files, tenant, name);
    writeFileSync(path, readFileSync(path, "utf8").replace("as it was", "as it IS!"));
    const answer = await ask(`/${id}/content`);
    expect([answer.status, await errorCode(answer)]).toEqual([500, "LL_FILE_DAMAGED"]);
  });
});
