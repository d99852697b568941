import { connect, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { type Running, runGateway, temporaryDir } from "../../test/harness.ts";
import type { Controls } from "../controls.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import { pending, type Stage } from "../pipeline/stage.ts";

const clock = systemClock();
const within = (holds: () => boolean | Promise<boolean>): Promise<void> =>
  eventually(clock, holds, 10_000);

/** Callers that say so are known only when they have left, as with a store that takes its time. */
class SlowAuthentication implements Pick<Controls, "stages"> {
  begun = 0;

  readonly stages = (table: Stage[]): Stage[] =>
    table.map((stage) =>
      stage.id === "authenticate" ? { ...stage, run: (x) => this.#run(x, stage) } : stage,
    );

  #run(x: Exchange, stage: Stage) {
    const outcome = stage.run?.(x);
    return x.client.headers.includes("x-leaves") ? this.#late(x, outcome) : outcome;
  }

  async #late(x: Exchange, outcome: ReturnType<NonNullable<Stage["run"]>>) {
    const known = await outcome;
    this.begun++;
    // A connection that is not read may not show its end: then the body is asked for before it does.
    await eventually(clock, () => x.client.isGone, 1000).catch(() => undefined);
    return known === pending ? undefined : known;
  }
}

const body = JSON.stringify({ model: "sim", messages: [{ role: "user", content: "hi" }] });

function requestOf(gateway: Running, method: string, path: string, text = ""): string {
  return (
    `${method} ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${gateway.key}\r\n` +
    `content-type: application/json\r\nx-leaves: 1\r\ncontent-length: ${text.length}\r\n\r\n${text}`
  );
}

function open(gateway: Running): Socket {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.on("error", () => socket.destroy());
  return socket;
}

/** Requests under way, the one that asks among them. */
async function openRequests(gateway: Running): Promise<string | undefined> {
  const text = await (await gateway.get("/metrics")).text();
  return /^loadline_requests_open (\d+)$/m.exec(text)?.[1];
}

describe("a client that leaves before anybody asks for its body", () => {
  const rows = ["http1", "node"].flatMap((front) => [
    [front, "with its body", 0] as const,
    [front, "in the middle of its body", 5] as const,
  ]);

  it.each(rows)("front %s: %s leaves nothing under way", async (front, _how, missing) => {
    const controls = new SlowAuthentication();
    await using gateway = await runGateway({ http: { front } }, temporaryDir(), controls);
    const socket = open(gateway);
    const request = requestOf(gateway, "POST", "/v1/chat/completions", body);
    socket.write(request.slice(0, request.length - missing));
    await within(() => controls.begun === 1);
    socket.resetAndDestroy();
    await within(async () => (await openRequests(gateway)) === "1");
    expect(controls.begun).toBe(1);
  });

  it("of two requests in a row leaves neither under way", async () => {
    const controls = new SlowAuthentication();
    await using gateway = await runGateway({ http: { front: "node" } }, temporaryDir(), controls);
    const socket = open(gateway);
    const request = requestOf(gateway, "POST", "/v1/chat/completions", body);
    socket.write(request + request);
    await within(() => controls.begun === 2);
    socket.resetAndDestroy();
    await within(async () => (await openRequests(gateway)) === "1");
    expect(controls.begun).toBe(2);
  });

  it("of the admin API leaves nothing under way either", async () => {
    const controls = new SlowAuthentication();
    await using gateway = await runGateway({}, temporaryDir(), controls);
    const socket = open(gateway);
    socket.write(requestOf(gateway, "GET", "/admin/v1/keys"));
    await within(() => controls.begun === 1);
    socket.resetAndDestroy();
    await within(async () => (await openRequests(gateway)) === "1");
    expect(controls.begun).toBe(1);
  });
});
