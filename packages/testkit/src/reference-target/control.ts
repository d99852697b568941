import { createServer, type Server, type Socket } from "node:net";
import { listenOnLoopback } from "../listen.ts";
import type { TargetOptions } from "./options.ts";
import type { TargetServer } from "./server.ts";

/** One line of JSON each way; the answer to `truth` is a `Truth`, to the others `{}`. */
export type ControlQuestion =
  | { readonly op: "truth" }
  | { readonly op: "reset" }
  | { readonly op: "configure"; readonly options: TargetOptions };

const lineBytesMax = 16 * 1024 * 1024;

/** Answers control questions on a port of its own, apart from the measured ones. */
export async function startControl(
  target: TargetServer,
): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => serve(socket, target));
  return { port: await listenOnLoopback(server), server };
}

function serve(socket: Socket, target: TargetServer): void {
  let held = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    held += text;
    if (held.length > lineBytesMax) {
      socket.destroy();
      return;
    }
    for (let end = held.indexOf("\n"); end !== -1; end = held.indexOf("\n")) {
      const question = JSON.parse(held.slice(0, end)) as ControlQuestion;
      held = held.slice(end + 1);
      socket.write(`${JSON.stringify(answer(question, target))}\n`);
    }
  });
}

function answer(question: ControlQuestion, target: TargetServer): unknown {
  if (question.op === "truth") return target.ledger.truth();
  if (question.op === "reset") target.reset();
  else target.configure(question.options);
  return {};
}
