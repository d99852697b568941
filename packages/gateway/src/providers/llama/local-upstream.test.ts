import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { expect, it } from "vitest";
import type { Hosting } from "../../models/index.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { createLocalUpstream } from "./local-upstream.ts";

const request = {
  operation: "chat",
  body: Buffer.from("{}"),
  isStream: false,
  traceparent: undefined,
} as const;

/** How one call ends: its status, or the class of its failure. */
function ask(upstream: Upstream): Promise<number | string> {
  return new Promise((resolve) => {
    let status = 0;
    upstream.call(request, {
      head: (value) => void (status = value),
      data: () => undefined,
      end: () => resolve(status),
      fail: (failure) => resolve(failure),
    });
  });
}

it("a call under way at a host ends there, however often there was a swap and a rollback before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ll-local-"));
  const socketOf = (n: number): string => join(folder, `${n}.sock`);
  const { promise: isAsked, resolve: onAsked } = Promise.withResolvers<() => void>();
  const server = createServer((_request, response) => onAsked(() => void response.end("{}")));
  server.listen(socketOf(0));
  await once(server, "listening");
  let socketPath = socketOf(0);
  const hosting: Hosting = {
    get socketPath() {
      return socketPath;
    },
    isReady: () => true,
    isStandby: false,
    start: () => undefined,
    close: () => Promise.resolve(),
  };
  const paths = { chat: "/" };
  const bounds = { callsMax: 1, connectionsMax: 1, connectTimeoutMs: 5000, clock: systemClock() };
  const upstream = createLocalUpstream({ hosting, paths, ...bounds });
  const askAt = (n: number): Promise<number | string> => {
    socketPath = socketOf(n);
    return ask(upstream);
  };
  const first = askAt(0);
  const answer = await isAsked;
  for (let n = 1; n <= 20; n++) {
    expect(await askAt(n)).toBe("connect");
    socketPath = socketOf(0);
    // It waits for the one connection.
    if (n < 20) void ask(upstream);
  }
  answer();
  expect(await first).toBe(200);
  await upstream.close();
  server.close();
  rmSync(folder, { recursive: true });
});
