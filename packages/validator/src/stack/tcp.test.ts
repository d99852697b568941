import { describe, expect, it } from "vitest";
import { runStackPlan } from "./stack.fixture.ts";
import { startSocketTwin } from "./stubs/socket.ts";
import { startTcpStub } from "./stubs/tcp.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("tcp", startSocketTwin);

const at = (port: number): string => `tcp://127.0.0.1:${port}`;

describe("a port", () => {
  it("that nobody listens on fails, and what was to be said there is not tested [R1-37]", async () => {
    const { words, sentences } = await againstTwin(startSocketTwin, [], { url: at(1) });
    expect(words["it.connects"]).toBe("failed false");
    expect(sentences["it.connects"]).toContain("refused");
    expect(words["it.exchanges"]).toBe("not_tested baseline_broken");
  });

  it("of which only a connection is asked has no claim beyond it", async () => {
    const { words } = await againstTwin(startSocketTwin, [], { exchanges: {} });
    expect(words).toEqual({ "it.connects": "passed" });
  });

  it("that answers something else, or ends before it did, fails by the name of the exchange [R1-37]", async () => {
    const exchanges = { good: { contains: "220" }, other: { send: "X\r\n", contains: "+OK" } };
    const { words, sentences } = await againstTwin(startSocketTwin, [], { exchanges });
    expect(words["it.exchanges"]).toBe("failed false");
    expect(sentences["it.exchanges"]).toContain('other: answered without "+OK"');
  });

  it("that says nothing fails in its time, one that never stops talking within its bound", async () => {
    await using silent = await startTcpStub({ url: at, serve: () => undefined });
    await using chatty = await startTcpStub({
      url: at,
      serve: (socket) => socket.write("x".repeat(200_000)),
    });
    const ask = async (url: string) => {
      const it_ = { kind: "tcp", url, exchanges: { one: { contains: "ready" } } };
      return await runStackPlan({ timeoutMs: 2_000, services: { it: it_ } });
    };
    const first = await ask(silent.url);
    expect(first.words["it.exchanges"]).toBe("failed false");
    expect(first.sentences["it.exchanges"]).toContain("no whole answer in time");
    const second = await ask(chatty.url);
    expect(second.words["it.exchanges"]).toBe("failed false");
    expect(second.sentences["it.exchanges"]).toContain('answered without "ready"');
  }, 20_000);

  it("that says nothing leaves what was to be said after it not tested", async () => {
    await using silent = await startTcpStub({ url: at, serve: () => undefined });
    const exchanges = { first: { contains: "ready" }, second: { contains: "ready" } };
    const it_ = { kind: "tcp", url: silent.url, exchanges };
    const { words, evidence } = await runStackPlan({ timeoutMs: 1_000, services: { it: it_ } });
    expect(words["it.exchanges"]).toBe("failed false");
    expect(evidence).toContain("second: nothing was asked, the time of the check was over");
    expect(evidence).toContain("first: 127.0.0.1");
    expect(evidence).not.toContain("second: 127.0.0.1");
  }, 20_000);

  it("under which the run is stopped is not at fault", async () => {
    const stop = new AbortController();
    let connections = 0;
    await using silent = await startTcpStub({
      url: at,
      serve: () => {
        // The first asks for a connection alone.
        if (++connections === 2) stop.abort(new Error("stopped"));
      },
    });
    const it_ = { kind: "tcp", url: silent.url, exchanges: { one: { contains: "ready" } } };
    const { words, evidence } = await runStackPlan({ services: { it: it_ } }, {}, stop.signal);
    expect(connections).toBe(2);
    expect(words["it.exchanges"]).toMatch(/^not_tested/);
    expect(evidence).not.toContain('"kind":"finding"');
  }, 20_000);

  it("finds its text across pieces and among bytes that are none", async () => {
    await using stub = await startTcpStub({
      url: at,
      serve(socket) {
        socket.write(Buffer.from([0, 255, 254]));
        socket.write("grün be");
        setImmediate(() => socket.write("reit\r\n"));
      },
    });
    const it_ = { kind: "tcp", url: stub.url, exchanges: { one: { contains: "grün bereit" } } };
    const { words } = await runStackPlan({ timeoutMs: 5_000, services: { it: it_ } });
    expect(words["it.exchanges"]).toBe("passed");
  });

  it.each([
    [{ url: "tcp://127.0.0.1" }, "give tcp://host:port"],
    [{ url: "http://127.0.0.1:1" }, "give a URL of tcp://"],
    [
      { url: "tcp://a:1", exchanges: { one: { send: "AUTH ${env:X}", contains: "+OK" } } },
      "no reference is filled in here",
    ],
  ])("declared as %j is refused with the plan", async (more, words) => {
    const services = { it: { kind: "tcp", ...more } };
    await expect(runStackPlan({ services })).rejects.toThrow(words);
  });
});
