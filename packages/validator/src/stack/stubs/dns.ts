import { createSocket } from "node:dgram";
import type { StackRule } from "../probe.ts";
import type { StackTwin } from "./twin.ts";

const table: Readonly<Record<string, string>> = { "api.example A": "192.0.2.10" };

/** The name of a question, and where the question ends. */
function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const size = query[at] ?? 0;
    if (size === 0 || at + size >= query.length) break;
    labels.push(query.subarray(at + 1, at + 1 + size).toString("latin1"));
    at += size + 1;
  }
  return { name: labels.join("."), end: at + 5 };
}

/** An answer with one address, or NXDOMAIN. */
function answerOf(query: Buffer, address: string | undefined): Buffer {
  const { end } = questionOf(query);
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  const question = query.subarray(12, end);
  if (address === undefined) return Buffer.concat([head, question]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
  return Buffer.concat([head, question, record, Buffer.from(address.split(".").map(Number))]);
}

/** A name server of one name; a rule replaces its address, `*` answers for every other name. */
export async function startDnsTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const key = `${questionOf(query).name.toLowerCase()} A`;
    const ruled = (when: string): string | undefined =>
      rules.find((rule) => rule.when === when)?.reply;
    const address = ruled(key) ?? table[key] ?? ruled("* A");
    socket.send(answerOf(query, address), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const names = [{ name: "api.example", type: "A", expect: ["192.0.2.10"] }];
  return {
    service: { kind: "dns", url: `dns://127.0.0.1:${socket.address().port}`, names },
    secrets: {},
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        socket.close(() => resolve());
      });
    },
  };
}
