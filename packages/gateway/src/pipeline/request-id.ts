import type { Random } from "@loadline/kit/random";
import { always, type Stage } from "./stage.ts";

const idBytes = 12;
const idsPerDraw = 256;
const prefix = "req_";
const idChars = prefix.length + 2 * idBytes;

/** `req_` + 24 hexadecimal digits; random bytes are drawn for 256 ids at a time. */
export function createRequestIds(random: Random): () => string {
  // Whole ids in one flat text: one that is put together is copied again at each of its uses.
  let pool = "";
  let next = 0;
  return () => {
    if (next >= pool.length) {
      pool = draw(random);
      next = 0;
    }
    const id = pool.slice(next, next + idChars);
    next += idChars;
    return id;
  };
}

/** Ids one behind the other. */
function draw(random: Random): string {
  const hex = Buffer.from(random.bytes(idBytes * idsPerDraw)).toString("hex");
  const ids = Array.from({ length: idsPerDraw }, (_, i) =>
    prefix.concat(hex.slice(2 * idBytes * i, 2 * idBytes * (i + 1))),
  );
  return ids.join("");
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
