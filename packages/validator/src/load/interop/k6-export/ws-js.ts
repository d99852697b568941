import type { Step, WsStep } from "../../plan/step-schema.ts";
import { type TemplateContext, textJs, valueJs } from "./template-js.ts";

const withinMsDefault = 30_000;
const ways = ["connect", "send", "ask", "receive", "ping", "close"] as const;

/** The free socket of a step, null for the rooms of the target, which k6 knows nothing of. */
export function freeSocketOf(step: Step): WsStep | null {
  return typeof step.ws === "object" ? step.ws : null;
}

/** Whether steps speak over a free socket: their iteration is asynchronous in k6. */
export function speaksWs(steps: readonly Step[]): boolean {
  return steps.some(
    (step) =>
      freeSocketOf(step) !== null ||
      speaksWs(step.group?.steps ?? []) ||
      speaksWs(step.repeat?.steps ?? []),
  );
}

/** Paths whose sockets no step of the iteration closes: in k6 one ends with its iteration. */
export function leftOpen(steps: readonly Step[]): string[] {
  const opened = new Set<string>();
  const closed = new Set<string>();
  const walk = (all: readonly Step[]): void => {
    for (const step of all) {
      const socket = freeSocketOf(step);
      if (socket !== null) (socket.close === true ? closed : opened).add(socket.path);
      walk(step.group?.steps ?? []);
      walk(step.repeat?.steps ?? []);
    }
  };
  walk(steps);
  return [...opened].filter((path) => !closed.has(path));
}

/** One call on a free socket. */
export function wsJs(name: string, step: Step, socket: WsStep, x: TemplateContext): string {
  const way = ways.find((one) => socket[one] !== undefined) ?? "connect";
  const headers = Object.entries(socket.headers ?? {}).map(
    ([key, value]) => `${JSON.stringify(key.toLowerCase())}: ${textJs(value, x)}`,
  );
  const message = socket.send ?? socket.ask;
  const text =
    typeof message === "string" ? textJs(message, x) : `JSON.stringify(${valueJs(message, x)})`;
  const o = [
    `headers: { ${headers.join(", ")} }`,
    `contains: ${textJs(socket.contains ?? "", x)}`,
    `withinMs: ${socket.within ?? withinMsDefault}`,
    ...(message === undefined ? [] : [`message: ${text}`]),
    ...(step.tags === undefined ? [] : [`tags: ${JSON.stringify(step.tags)}`]),
  ];
  const path = textJs(socket.path, x, "encodeURIComponent");
  return `await ws(it, ${JSON.stringify(name)}, "${way}", ${path}, { ${o.join(", ")} });`;
}
