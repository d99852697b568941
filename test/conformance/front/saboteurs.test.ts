import type { Socket } from "node:net";
import type { parseRequestHead } from "@loadline/kit/http1";
import { describe, expect, it } from "vitest";
import type { Controls } from "../../../packages/gateway/src/controls.ts";
import { aheadWaits, slowBodiesEnd, slowHeadsEnd } from "../slow-clients/laws.ts";
import { answersInOrder, keepsNothing, type Promised, refusesTwoFramings } from "./promises.ts";

type ParseHead = typeof parseRequestHead;

const reading = (change: (parse: ParseHead) => ParseHead): Partial<Controls> => ({
  front: (parts) => ({ ...parts, parseHead: change(parts.parseHead) }),
});

/** Goes by the length where chunks are announced beside it. */
const acceptsBoth = reading((parse) => (text, headersMax) => {
  const coding = /transfer-encoding: *chunked\r\n/gi;
  return parse(/content-length:/i.test(text) ? text.replace(coding, "") : text, headersMax);
});

/** Remembers a credential for whoever comes without one. */
const keepsBytes = reading((parse) => {
  let kept = "";
  return (text, headersMax) => {
    const own = /^authorization:.*\r\n/im.exec(text)?.[0];
    if (own !== undefined) kept = own;
    return parse(own === undefined ? text + kept : text, headersMax);
  };
});

const forgetsDeadlines: Partial<Controls> = {
  front: (parts) => ({ ...parts, watch: { ...parts.watch, nowMs: 0, add: () => undefined } }),
};

/** Refuses the first request and closes, so that nothing is ever ahead of an answer. */
const turnsAway = reading(
  (parse) => (text, headersMax) =>
    parse(text.replace(/^authorization:.*\r\n/im, "Connection: close\r\n"), headersMax),
);

/** Takes the last of the requests that came together first. */
const outOfOrder: Partial<Controls> = {
  front: (parts) => ({ ...parts, socket: reversing }),
};

/** Turns round what is read before the connection, which takes reads where `push` is, gets it. */
function reversing(socket: Socket): Socket {
  const usual = socket.push;
  let taken: Socket["push"] | undefined;
  // What is encrypted is read by `push`, and not into a buffer that is not to be seen here.
  Object.defineProperty(socket, "encrypted", { value: false });
  const changed = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (!Buffer.isBuffer(chunk)) return usual.call(socket, chunk, encoding);
    const requests = chunk.toString("latin1").split(/(?=POST )/);
    const turned = Buffer.from(requests.toReversed().join(""), "latin1");
    return (taken ?? usual).call(socket, turned, encoding);
  };
  Object.defineProperty(socket, "push", {
    configurable: true,
    get: () => (taken === undefined ? usual : changed),
    set(next: Socket["push"]) {
      taken = next;
    },
  });
  return socket;
}

/** Each promise with a front that breaks it in exactly one part. */
const rows: readonly (readonly [string, string, Promised, Partial<Controls>, string])[] = [
  [
    "one framing per request",
    "accepts a length beside chunks",
    refusesTwoFramings,
    acceptsBoth,
    "not LL_HTTP_HEADER",
  ],
  [
    "nothing is left on a connection",
    "keeps bytes across requests",
    keepsNothing,
    keepsBytes,
    "answered 200,200",
  ],
  [
    "silent clients end",
    "forgets a head's deadline",
    slowHeadsEnd,
    forgetsDeadlines,
    "connections outlived",
  ],
  [
    "slow bodies end",
    "forgets a body's deadline",
    slowBodiesEnd,
    forgetsDeadlines,
    "connections outlived",
  ],
  [
    "pipelined requests in order",
    "answers them out of order",
    answersInOrder,
    outOfOrder,
    "answered third,second,first",
  ],
  [
    "what is ahead waits for an answer",
    "turns everything away",
    aheadWaits,
    turnsAway,
    "the upstream was not asked",
  ],
];

describe("a front that breaks one promise is caught", () => {
  it.each(rows)("%s: a front that %s", async (_promise, _what, law, controls, seen) => {
    expect((await law("http1", controls)).join("; ")).toContain(seen);
  });
});

describe.each(["http1", "node"] as const)("the front as it is, %s", (front) => {
  it("refuses a length beside chunks, keeps nothing, answers in order", async () => {
    expect(await refusesTwoFramings(front)).toEqual([]);
    expect(await keepsNothing(front)).toEqual([]);
    expect(await answersInOrder(front)).toEqual([]);
  });
});
