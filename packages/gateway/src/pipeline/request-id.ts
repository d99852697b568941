import type { Random } from "@loadline/kit/random";
import { always, type Stage } from "./stage.ts";

const idBytes = 12;
const idsPerDraw = 256;

/** `req_` + 24 hexadecimal digits; random bytes are drawn for 256 ids at a time. */
export function createRequestIds(random: Random): () => string {
  let pool = "";
  let next = 0;
  return () => {
    if (next >= pool.length) {
      pool = Buffer.from(random.bytes(idBytes * idsPerDraw)).toString("hex");
      next = 0;
    }
    const id = `req_${pool.slice(next, next + 2 * idBytes)}`;
    next += 2 * idBytes;
    return id;
  };
}

export function requestIdStage(nextId: () => string): Stage {
  return {
    id: "request-id",
    summary: "names the request, answered as x-request-id",
    wired: always,
    run(x) {
      x.id = nextId();
      return undefined;
    },
  };
}
