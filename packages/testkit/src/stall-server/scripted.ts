import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { listenOnLoopback } from "../listen.ts";

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  /** Requests seen so far, as text. */
  readonly requests: readonly string[];
}

/** What to do for the request with this 0-based number: bytes to write, or use the socket. */
export type Script = (request: number, socket: Socket, text: string) => string | undefined;

/** Answers each request, read as one piece, with what the script says. */
export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString("utf8");
      const bytes = script(requests.push(text) - 1, socket, text);
      if (bytes !== undefined) socket.write(bytes);
    });
  });
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
