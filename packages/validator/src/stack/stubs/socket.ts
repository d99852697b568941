import type { StackRule } from "../probe.ts";
import { startTcpStub } from "./tcp.ts";
import type { StackTwin } from "./twin.ts";

/** Nobody listens there. */
const closed = "tcp://127.0.0.1:1";

/** Greets, and answers PING; rules say another answer, or that nobody is let in. */
export async function startSocketTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const ruled = (when: string): string | undefined =>
    rules.find((rule) => rule.when === when)?.reply;
  const stub = await startTcpStub({
    url: (port) => `tcp://127.0.0.1:${port}`,
    serve(socket) {
      socket.write("220 ready\r\n");
      socket.once("data", () => socket.end(`${ruled("PING") ?? "+PONG"}\r\n`));
    },
  });
  const exchanges = {
    greeting: { contains: "220 " },
    ping: { send: "PING\r\n", contains: "+PONG\r\n" },
  };
  const url = ruled("connect") === undefined ? stub.url : closed;
  return {
    service: { kind: "tcp", url, exchanges },
    secrets: {},
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}
