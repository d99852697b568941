import {
  createFrameParser,
  encodeClose,
  encodeFrame,
  encodeUpgradeAnswer,
} from "@loadline/kit/websocket-frames";
import type { StackRule } from "../probe.ts";
import type { StackTwin } from "./twin.ts";
import { startWebStub } from "./web.ts";

const token = "token-of-the-websocket-twin";

/** An echo over WebSocket; a rule replaces its `upgrade`, `ping`, `message` or `close`. */
export async function startWebsocketTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const ruled = (when: string): string | undefined =>
    rules.find((rule) => rule.when === when)?.reply;
  const stub = await startWebStub([], [], {
    upgrade(request, socket) {
      socket.on("error", () => socket.destroy());
      const isKnown = request.headers.authorization === `Bearer ${token}`;
      const refused = ruled("upgrade") ?? (isKnown ? undefined : "401");
      if (refused !== undefined) {
        socket.end(`HTTP/1.1 ${refused} No\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      socket.write(encodeUpgradeAnswer(request.headers["sec-websocket-key"] ?? ""));
      const close = (code: number): void => {
        socket.end(encodeClose(Number(ruled("close") ?? code), "", null));
      };
      const parser = createFrameParser(
        { role: "server" },
        {
          message(payload) {
            const said = ruled("message");
            const bytes = said === undefined ? payload : Buffer.from(said);
            socket.write(encodeFrame("text", bytes, null));
            // Enough of the wrong answers that a reader gives up.
            if (said !== undefined) close(1000);
          },
          ping(payload) {
            const said = ruled("ping");
            const bytes = said === undefined ? payload : Buffer.from(said);
            socket.write(encodeFrame("pong", bytes, null));
          },
          pong: () => undefined,
          close,
          fail: close,
        },
      );
      socket.on("data", (chunk: Buffer) => parser.feed(chunk));
    },
  });
  const service = {
    kind: "websocket",
    url: `${stub.url.replace("http", "ws")}/ws`,
    token: "${env:WS_TOKEN}",
    origin: "http://app.example",
    exchange: { send: "hello $MARK", expect: "$MARK" },
  };
  return {
    service,
    secrets: { WS_TOKEN: token },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}
