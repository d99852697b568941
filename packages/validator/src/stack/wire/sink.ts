import { createServer } from "node:http";
import { WireFault } from "./fault.ts";
import { readBody } from "./read-body.ts";

const textsMax = 1_000;

/** A listener for what a service delivers; ends with its block. */
export interface Sink extends AsyncDisposable {
  /** Bodies that came, in order; at most 1,000. */
  readonly texts: readonly string[];
  readonly port: number;
}

/** Listens on HOST:PORT of this machine and answers 200. @throws WireFault when the port is taken. */
export async function openSink(listen: string): Promise<Sink> {
  const texts: string[] = [];
  const server = createServer((request, response) => {
    readBody(request, (text) => {
      if (texts.length < textsMax) texts.push(text);
      response.writeHead(200, { connection: "close" }).end();
    });
  });
  const colon = listen.lastIndexOf(":");
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new WireFault("refused", `nothing can listen on ${listen}: ${cause.message}`)),
    );
    server.listen(Number(listen.slice(colon + 1)), listen.slice(0, colon), resolve);
  });
  const address = server.address();
  return {
    texts,
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
