import { createServer, type Socket } from "node:net";
import {
  createFrameParser,
  encodeClose,
  encodeFrame,
  encodeUpgradeAnswer,
} from "@loadline/kit/websocket-frames";
import { listening } from "../../../stack/stubs/listening.ts";

/** A WebSocket server that speaks a small language of its own; counts what it was sent. */
export interface TalkServer extends AsyncDisposable {
  readonly url: string;
  /** Opening requests, their first lines and headers. */
  readonly heads: string[];
  readonly heard: string[];
  /** Payloads of pings. */
  readonly pings: string[];
}

function answer(socket: Socket, text: string): void {
  const say = (what: string): void =>
    void socket.write(encodeFrame("text", Buffer.from(what), null));
  if (text === "silence") return;
  if (text === "die") socket.destroy();
  else if (text === "bye") socket.write(encodeClose(1000, "", null));
  else if (text === "noisy") for (const what of ["tick", "tick", "answer to noisy"]) say(what);
  else if (text.startsWith("{")) say(JSON.stringify({ got: JSON.parse(text) }));
  else say(`echo ${text}`);
}

/** Says `hello` to whoever opens; then see `answer`. `/refused` is no socket, `/mute` gives no ping its own pong. */
export async function startTalk(): Promise<TalkServer> {
  const heads: string[] = [];
  const heard: string[] = [];
  const pings: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    const parser = createFrameParser(
      { role: "server" },
      {
        message: (payload) => {
          heard.push(payload.toString("utf8"));
          answer(socket, payload.toString("utf8"));
        },
        ping: (payload) => {
          pings.push(payload.toString("utf8"));
          const own = isMute ? [] : [payload];
          for (const text of [Buffer.from("of nobody"), ...own]) {
            socket.write(encodeFrame("pong", text, null));
          }
        },
        pong: () => undefined,
        close: () => socket.destroy(),
        fail: () => socket.destroy(),
      },
    );
    let isOpen = false;
    let isMute = false;
    socket.on("data", (chunk: Buffer) => {
      if (isOpen) return parser.feed(chunk);
      const head = chunk.toString("latin1");
      heads.push(head);
      const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1] ?? "";
      if (head.includes("/refused")) {
        socket.end("HTTP/1.1 403 X\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      isOpen = true;
      isMute = head.includes("/mute");
      socket.write(encodeUpgradeAnswer(key));
      socket.write(encodeFrame("text", Buffer.from("hello"), null));
    });
  });
  const served = await listening(server);
  return { ...served, url: `http://127.0.0.1:${served.port}`, heads, heard, pings };
}
