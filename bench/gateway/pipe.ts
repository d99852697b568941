/**
 * What no process of Node that stands between two sockets can cost less than: each client's bytes go
 * to a connection of its own and the answer's bytes back, nothing is read of either.
 */
import { connect, createServer } from "node:net";
import { report } from "./child.ts";

const { hostname, port } = new URL(process.argv[2] ?? "");

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect(Number(port), hostname);
  upstream.setNoDelay(true);
  client.on("data", (bytes: Buffer) => void upstream.write(bytes));
  upstream.on("data", (bytes: Buffer) => void client.write(bytes));
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  report({ port: typeof address === "object" && address ? address.port : 0, key: "" });
});
