import { createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { type Clock, systemClock } from "@loadline/kit/clock";
import type { StallPlan } from "./stall.ts";

const answer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
const headEnd = Buffer.from("\r\n\r\n");

/** The socket waits for whole heads; bodies are not expected. */
function serve(socket: Socket, delayMs: number, clock: Clock): void {
  let held: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (let end = held.indexOf(headEnd); end !== -1; end = held.indexOf(headEnd)) {
      held = held.subarray(end + headEnd.length);
      if (delayMs === 0) socket.write(answer);
      else clock.after(delayMs, () => void socket.write(answer), { unref: true });
    }
  });
}

function run(plan: StallPlan): void {
  const clock = systemClock();
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, plan.delayMs, clock);
  });
  // Any message means the end: what is still open is cut.
  parentPort?.once("message", () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    parentPort?.close();
  });
  server.listen(0, "127.0.0.1", 1024, () => {
    const address = server.address();
    parentPort?.postMessage(typeof address === "object" ? address?.port : null);
  });
  if (plan.stallMs === 0) return;
  const originMs = clock.monotonicMs();
  const stall = (round: number): void => {
    const delayMs = originMs + round * plan.everyMs - clock.monotonicMs();
    const stand = (): void => {
      // Nothing of this thread runs meanwhile: accepted bytes wait in the kernel.
      Atomics.wait(cell, 0, 0, plan.stallMs);
      stall(round + 1);
    };
    clock.after(Math.max(0, delayMs), stand, { unref: true });
  };
  stall(1);
}

function isPlan(value: unknown): value is StallPlan {
  return typeof value === "object" && value !== null && "stallMs" in value;
}

if (isPlan(workerData)) run(workerData);
