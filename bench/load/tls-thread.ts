import { createServer, type TLSSocket } from "node:tls";
import { parentPort, workerData } from "node:worker_threads";

const answer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");

/**
 * Answers every read with one answer: requests of a benchmark come whole and one at a time. Any
 * message ends the thread.
 */
function serve(options: { key: string; cert: string }): void {
  const sockets = new Set<TLSSocket>();
  const server = createServer({ ...options, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", () => void socket.write(answer));
    socket.on("error", () => socket.destroy());
  });
  parentPort?.once("message", () => {
    parentPort?.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    parentPort?.postMessage(typeof address === "object" ? address?.port : undefined);
  });
}

serve(workerData as { key: string; cert: string });
