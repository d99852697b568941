import { createServer } from "node:tls";
import { parentPort, workerData } from "node:worker_threads";

const answer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");

/** Answers every read with one answer: requests of a benchmark come whole and one at a time. */
function serve(options: { key: string; cert: string }): void {
  const server = createServer({ ...options, noDelay: true }, (socket) => {
    socket.on("data", () => void socket.write(answer));
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    parentPort?.postMessage(typeof address === "object" ? address?.port : undefined);
  });
}

serve(workerData as { key: string; cert: string });
