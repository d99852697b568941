import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { runUpstream, type Upstream } from "../../../test/harness.ts";
import { usualDoors } from "../../egress/doors.fixture.ts";
import { ObjectFault, type ObjectStore } from "../object-store.ts";
import { createS3Store } from "./s3-store.ts";

const never = new AbortController().signal;

interface Scripted {
  readonly status: number;
  readonly body?: string;
  readonly silentPath?: string;
}

function storeAt(server: Upstream, bytesMax = 1024 * 1024): ObjectStore {
  return createS3Store({
    endpoint: new URL(new URL(server.baseUrl).origin),
    bucket: "bucket",
    region: "us-east-1",
    accessKey: "a",
    secretKey: "s",
    clock: systemClock(),
    door: usualDoors().store,
    bytesMax,
  });
}

/** A server with one answer, which it keeps from GETs of `silentPath`, and a store over it. */
async function over({ status, body = "", silentPath }: Scripted, bytesMax?: number) {
  const server = await runUpstream((response, _body, request) => {
    if (request.url === silentPath) return;
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(body);
  });
  const store = storeAt(server, bytesMax);
  return {
    server,
    store,
    async [Symbol.asyncDispose]() {
      store.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const errorXml = (code: string): string => `<Error><Code>${code}</Code></Error>`;

const faultOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "none",
    (cause: unknown) => (cause instanceof ObjectFault ? `${cause.kind}: ${cause.message}` : "?"),
  );

describe("objects in S3", () => {
  it("are asked for by path below their bucket, signed, a beginning as a range", async () => {
    await using s = await over({ status: 200, body: "bytes" });
    await s.store.put("a/b", Buffer.from("x"), never);
    await s.store.get("a/b", never, 10);
    await s.store.remove("a/b", never);
    const seen = s.server.requests.map(({ method, url }) => `${method} ${url}`);
    expect(seen).toEqual(["PUT /bucket/a/b", "GET /bucket/a/b", "DELETE /bucket/a/b"]);
    expect(s.server.requests[1]?.headers.range).toBe("bytes=0-9");
    for (const { headers } of s.server.requests)
      expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=a\//);
    expect(s.server.bodies[0]).toBe("x");
  });

  it("a queue of calls that wait does not keep a ping from its answer", async () => {
    await using s = await over({ status: 200, silentPath: "/bucket/slow" });
    const stop = new AbortController();
    const calls = Array.from({ length: 40 }, () => faultOf(s.store.get("slow", stop.signal)));
    await s.store.ping(AbortSignal.timeout(5000));
    stop.abort();
    expect(new Set(await Promise.all(calls))).not.toContain("none");
  });

  it("one beyond 16 calls under way and 64 that wait is busy at once, which is no word on the store", async () => {
    await using s = await over({ status: 200, silentPath: "/bucket/slow" });
    const stop = new AbortController();
    const ends: string[] = [];
    const calls = Array.from({ length: 90 }, async () => {
      ends.push(await faultOf(s.store.get("slow", stop.signal)));
    });
    // No timer runs between these, however busy the machine is.
    for (let i = 0; i < 50; i++) await Promise.resolve();
    expect(ends).toEqual(Array.from({ length: 10 }, () => "busy: queue_full"));
    stop.abort();
    await Promise.all(calls);
    expect(new Set(ends.slice(10))).toEqual(new Set(["unreachable: timeout"]));
  });

  it("are listed by prefix, without keys that are not ours", async () => {
    const body = "<R><Key>files/a</Key><Key>a&amp;b</Key><Key>files/b_c-1</Key></R>";
    await using s = await over({ status: 200, body });
    expect(await s.store.list("files/", 5, never)).toEqual(["files/a", "files/b_c-1"]);
    expect(s.server.requests[0]?.url).toBe("/bucket?list-type=2&max-keys=5&prefix=files%2F");
  });

  it("one that is not there is none; a bucket that is not there is a fault", async () => {
    await using missing = await over({ status: 404, body: errorXml("NoSuchKey") });
    expect(await missing.store.get("a", never)).toBeUndefined();
    await using noBucket = await over({ status: 404, body: errorXml("NoSuchBucket") });
    expect(await faultOf(noBucket.store.get("a", never))).toBe("refused: 404 NoSuchBucket");
  });

  it.each([
    [
      { status: 403, body: errorXml("SignatureDoesNotMatch") },
      "refused: 403 SignatureDoesNotMatch",
    ],
    [{ status: 503, body: errorXml("SlowDown") }, "unreachable: 503 SlowDown"],
    [{ status: 429 }, "unreachable: 429"],
    [{ status: 507, body: errorXml("XMinioStorageFull") }, "full: 507 XMinioStorageFull"],
    [{ status: 301, body: errorXml("PermanentRedirect") }, "refused: 301 PermanentRedirect"],
  ] as const)("an answer %o is a fault, never a success", async (scripted, fault) => {
    await using s = await over(scripted);
    expect(await faultOf(s.store.put("a", Buffer.from("x"), never))).toBe(fault);
    expect(await faultOf(s.store.list("", 1, never))).toBe(fault);
    expect(await faultOf(s.store.remove("a", never))).toBe(fault);
  });

  it("an answer beyond the largest object is cut off, not kept", async () => {
    await using s = await over({ status: 200, body: "x".repeat(3 * 1024 * 1024) });
    expect(await faultOf(s.store.get("a", never))).toContain("damaged: an answer over");
  });

  it("a server that cannot be connected to, or a call that is ended, is unreachable", async () => {
    const s = await over({ status: 200 });
    await s.server[Symbol.asyncDispose]();
    expect(await faultOf(s.store.ping(never))).toContain("unreachable: ");
    expect(await faultOf(s.store.ping(AbortSignal.abort()))).toBe("unreachable: timeout");
    s.store.close();
  });
});

describe("a call whose connection breaks once the server has read it", () => {
  const noKeys = "<ListBucketResult></ListBucketResult>";
  const calls: [string, (store: ObjectStore) => Promise<void>][] = [
    ["PUT", (store) => store.put("a", Buffer.from("x"), never)],
    ["DELETE", (store) => store.remove("a", never)],
  ];
  const faultIn = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => "none",
      (cause: unknown) => cause,
    );

  it.each(calls)("%s is in doubt when the server is gone at the second try", async (name, call) => {
    await using server = await runUpstream((response, _body, { method }) => {
      if (method === name) void server[Symbol.asyncDispose]();
      else response.end(noKeys);
    });
    const store = storeAt(server);
    // The connection of this one is used again.
    await store.list("", 1, never);
    expect(await faultIn(call(store))).toMatchObject({ kind: "unreachable", isDoubtful: true });
    expect(server.requests.map(({ method }) => method)).toEqual(["GET", name]);
    // A try that nobody listened to is known to have done nothing.
    expect(await faultIn(call(store))).toMatchObject({ kind: "unreachable", isDoubtful: false });
    store.close();
  });

  it.each(calls)("%s is in doubt whatever refuses the second try", async (name, call) => {
    for (const status of [403, 507]) {
      let seen = 0;
      await using server = await runUpstream((response, _body, { method, socket }) => {
        if (method !== name) response.end(noKeys);
        else if (++seen === 1) socket.destroy();
        else response.writeHead(status).end();
      });
      const store = storeAt(server);
      await store.list("", 1, never);
      expect(await faultIn(call(store))).toMatchObject({ isDoubtful: true });
      expect(seen).toBe(2);
      // Asked once, its refusal is the store's word.
      expect(await faultIn(call(store))).toMatchObject({ isDoubtful: false });
      store.close();
    }
  });
});
