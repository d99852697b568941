import { createServer, type Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listening } from "../stubs/listening.ts";
import { openStream } from "./byte-stream.ts";
import { command, encodeCommand, readReply, replyText, RespError, type RespValue } from "./resp.ts";

/** What a server's bytes are read as, cut into pieces of a size. */
async function read(bytes: string | Buffer, piece = 65_536, timeoutMs = 5_000): Promise<RespValue> {
  const all = Buffer.from(bytes);
  await using door = await listening(
    createServer((socket: Socket) => {
      socket.on("error", () => socket.destroy());
      for (let at = 0; at < all.length; at += piece) socket.write(all.subarray(at, at + piece));
      socket.end();
    }),
  );
  const target = { host: "127.0.0.1", port: door.port, tls: false };
  using stream = await openStream(target, AbortSignal.timeout(timeoutMs));
  return await readReply(stream);
}

describe("a reply of Redis", () => {
  it.each([
    ["+OK\r\n", "OK"],
    [":42\r\n", 42],
    [":-1\r\n", -1],
    ["$5\r\nhello\r\n", "hello"],
    ["$0\r\n\r\n", ""],
    ["$-1\r\n", null],
    ["*-1\r\n", null],
    ["*0\r\n", []],
    ["*2\r\n$1\r\na\r\n*1\r\n:7\r\n", ["a", [7]]],
    ["$4\r\na\r\nb\r\n", "a\r\nb"],
    ["$4\r\n\u00e9\u00e8\r\n", "\u00e9\u00e8"],
  ])("%j is %j, however it is cut", async (bytes, value) => {
    expect(await read(bytes)).toEqual(value);
    expect(await read(bytes, 1)).toEqual(value);
  });

  it("that is an error keeps its words", async () => {
    const reply = await read("-WRONGPASS no such user\r\n");
    expect(reply).toBeInstanceOf(RespError);
    expect(replyText(reply)).toContain("WRONGPASS no such user");
  });

  it.each([
    ["of another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", /no reply of Redis/],
    ["with a length that is none", "$abc\r\n", /impossible length/],
    ["with a length below -1", "$-2\r\n", /impossible length/],
    ["with a length beyond its bound", "$99999999999\r\n", /impossible length/],
    ["with more items than are read", "*99999999\r\n", /impossible length/],
    ["nested without end", "*1\r\n".repeat(20), /no reply of Redis/],
    ["with a number that is none", ":four\r\n", /no number/],
    ["with a number of no digit", ":\r\n", /no number/],
    ["of a line without an end", "+".padEnd(70_000, "x"), /a line without an end/],
    ["cut in a bulk string", "$10\r\nhello", /closed the connection/],
    ["cut in a list", "*2\r\n+a\r\n", /closed the connection/],
    ["of no byte", "", /closed the connection/],
  ])("%s is a fault, never a value", async (_, bytes, said) => {
    await expect(read(bytes)).rejects.toThrow(said);
  });

  it("that does not come ends with the signal", async () => {
    const sockets: Socket[] = [];
    await using door = await listening(createServer((socket) => void sockets.push(socket)));
    const target = { host: "127.0.0.1", port: door.port, tls: false };
    using stream = await openStream(target, AbortSignal.timeout(100));
    await expect(command(stream, "PING")).rejects.toThrow(/gave no whole answer in time/);
    expect(stream.isOpen).toBe(false);
  });
});

describe("a command", () => {
  it("is an array of bulk strings counted in bytes, whatever is in its words", () => {
    expect(encodeCommand(["SET", "k\u00e9", "a\r\nb"]).toString("utf8")).toBe(
      "*3\r\n$3\r\nSET\r\n$3\r\nk\u00e9\r\n$4\r\na\r\nb\r\n",
    );
  });

  it("comes back as its words when it is read as a reply", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }), async (words) => {
        const well = words.map((word) => word.toWellFormed());
        expect(await read(encodeCommand(well))).toEqual(well);
      }),
      { numRuns: 20 },
    );
  });
});
