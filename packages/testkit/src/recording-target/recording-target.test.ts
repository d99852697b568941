import { once } from "node:events";
import { connect } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { eventually } from "../eventually.ts";
import { startRecordingTarget } from "./index.ts";

const until = (predicate: () => boolean): Promise<void> =>
  eventually(systemClock(), predicate, 10_000);

describe("a recording target", () => {
  it("keeps method, path with its query, headers and body, in the order they came", async () => {
    await using target = await startRecordingTarget();
    await fetch(`${target.url}/a?b=c`, { method: "PUT", body: "é", headers: { "x-one": "1" } });
    const answer = await fetch(`${target.url}/second`);
    expect(target.seen).toMatchObject([
      { method: "PUT", path: "/a?b=c", body: "é", headers: { "x-one": "1" } },
      { method: "GET", path: "/second", body: "" },
    ]);
    expect(await answer.json()).toEqual({ path: "/second" });
  });

  it("answers as it is told, with JSON's type unless another is named", async () => {
    await using target = await startRecordingTarget(({ path }) =>
      path === "/plain"
        ? { status: 418, headers: { "content-type": "text/plain" }, body: "short" }
        : {},
    );
    const plain = await fetch(`${target.url}/plain`);
    expect([plain.status, plain.headers.get("content-type"), await plain.text()]).toEqual([
      418,
      "text/plain",
      "short",
    ]);
    const bare = await fetch(`${target.url}/`);
    expect([bare.status, bare.headers.get("content-type")]).toEqual([200, "application/json"]);
  });

  it("closes without an answer when told so, and has kept the request", async () => {
    await using target = await startRecordingTarget(() => null);
    await expect(fetch(`${target.url}/x`)).rejects.toThrow();
    expect(target.seen).toHaveLength(1);
  });

  it("a client that leaves in the middle of its body was no request, and breaks nothing", async () => {
    await using target = await startRecordingTarget();
    const socket = connect(Number(new URL(target.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST /cut HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf");
    await fetch(`${target.url}/before`);
    socket.resetAndDestroy();
    await fetch(`${target.url}/behind`);
    expect(target.seen.map(({ path }) => path)).toEqual(["/before", "/behind"]);
  });

  it("an answer that throws is a 500 that names it, not a client left waiting", async () => {
    await using target = await startRecordingTarget(() => {
      throw new Error("the script is wrong");
    });
    const answer = await fetch(`${target.url}/x`);
    expect([answer.status, await answer.text()]).toEqual([500, "the script is wrong"]);
  });

  it("cuts what is open when it ends", async () => {
    const target = await startRecordingTarget();
    const socket = connect(Number(new URL(target.url).port), "127.0.0.1");
    await once(socket, "connect");
    let isClosed = false;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => (isClosed = true));
    socket.resume();
    socket.write("GET /x HTTP/1.1\r\nhost: a\r\n\r\n");
    await until(() => target.seen.length === 1);
    await target[Symbol.asyncDispose]();
    await until(() => isClosed);
    await expect(fetch(target.url)).rejects.toThrow();
  });
});
