import { describe, expect, it } from "vitest";
import {
  asked,
  type Heard,
  openOwn,
  openUndici,
  serveRaw,
} from "../../../packages/gateway/src/upstream/upstream.fixture.ts";
import { answers } from "./answers.ts";

/** What one transport makes of an answer that comes in two pieces. */
interface Seen {
  readonly status: number;
  readonly body: string;
  readonly outcome: string;
  /** Words after the end. */
  readonly late: number;
}

const seenOf = ({ status, body, outcome, late }: Heard): Seen => ({ status, body, outcome, late });

/** What is heard of an answer by the place of its cut. */
async function readings(text: string, open: typeof openOwn): Promise<Map<number, Seen>> {
  const seen = new Map<number, Seen>();
  let at = 0;
  await using server = await serveRaw((socket) => {
    const bytes = Buffer.from(text, "latin1");
    socket.setNoDelay(true);
    socket.write(bytes.subarray(0, at));
    setImmediate(() => socket.end(bytes.subarray(at)));
  });
  const upstream = open(server.port);
  for (at = 1; at < text.length; at++) seen.set(at, seenOf(await asked(upstream)));
  await upstream.close();
  return seen;
}

describe("an answer cut at every point", () => {
  it.each(answers)(
    "%s: our own client and undici hear the same",
    async (_what, text, outcome) => {
      const own = await readings(text, openOwn);
      expect(own).toEqual(await readings(text, openUndici));
      expect(new Set([...own.values()].map((seen) => `${seen.outcome} ${seen.late}`))).toEqual(
        new Set([`${outcome} 0`]),
      );
    },
    60_000,
  );
});

/** Ends an answer with its first data, and has the connection for the next. */
const hasty: typeof openOwn = (port) => {
  const own = openOwn(port);
  return {
    ...own,
    call: (request, sink) =>
      own.call(request, {
        head: (status, headers) => sink.head(status, headers),
        data(chunk) {
          sink.data(chunk);
          sink.end();
        },
        end: () => undefined,
        fail: () => undefined,
      }),
  };
};

describe("a client that ends answers too early", () => {
  it("is caught by an answer in chunks", async () => {
    const text = answers.find(([what]) => what === "chunks")?.[1] ?? "";
    expect(await readings(text, hasty)).not.toEqual(await readings(text, openUndici));
  }, 60_000);
});
