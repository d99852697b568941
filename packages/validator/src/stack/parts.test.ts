import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import type { StackRule } from "./probe.ts";
import { partProbes } from "./probes/parts.ts";
import { having, runStackPlan, type StackResult } from "./stack.fixture.ts";
import { startPartsTwin } from "./stubs/parts.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

const own = partProbes.map(({ check }) => `it.${check}`);

const against = (
  rules: readonly StackRule[] = [],
  more: Readonly<Record<string, unknown>> = {},
): Promise<StackResult> => againstTwin(startPartsTwin, rules, more);

describe("declared listeners, limits and volumes", () => {
  it("are all checked against a service that keeps them", async () => {
    const { words, sentences } = await against();
    const said = JSON.stringify(sentences);
    expect(
      own.map((id) => words[id]),
      said,
    ).toEqual(own.map(() => "passed"));
    // No marker is written into what may not be restarted.
    expect(words["it.volumes"]).toMatch(/^not_tested/);
  });

  it.each(partProbes.map((probe) => [probe.check, probe] as const))(
    "the saboteur of %s makes it and no other fail",
    async (check, probe) => {
      const result = await against(probe.saboteur);
      const said = JSON.stringify(result.sentences);
      expect(having(result, "failed"), said).toEqual([`it.${check}`]);
      expect(having(result, "error"), said).toEqual([]);
    },
  );

  it("nobody at a declared address is a failure that names it [R1-25]", async () => {
    const { words, sentences } = await against([], { listeners: ["0.0.0.0:1"] });
    expect(words["it.listeners"]).toBe("failed false");
    expect(sentences["it.listeners"]).toContain("Nobody listens at 0.0.0.0:1");
  });

  it("memory counts children, and what they share once", async () => {
    const { sentences } = await against();
    expect(sentences["it.memory"]).toContain(
      `2 processes take ${(40_000 + 100 + 900) * 1_024} bytes`,
    );
  });

  it("a folder that is not there, and one on the container's own layer, are no volumes [R1-11]", async () => {
    const { words, evidence } = await against([], { volumes: ["/gone", "/data/", "/data"] });
    expect(words["it.mounts"]).toBe("failed false");
    expect(evidence).toContain("/gone is not there.");
    expect(evidence).toContain("/data lies on ext4 mounted at /data.");
  });

  it("of a service on another machine are not tested by name", async () => {
    await using twin = await startPartsTwin([]);
    const url = "http://127.0.0.1:1";
    const it = { kind: "http", url, volumes: ["/data"], limits: { memoryBytes: 1_000 } };
    const { words, sentences } = await runStackPlan({ ...twin.stack, services: { it } });
    expect(words["it.mounts"]).toBe("not_tested capability_missing");
    expect(words["it.memory"]).toBe("not_tested capability_missing");
    expect(sentences["it.memory"]).toContain("No process that may be looked into holds 1");
  });

  it("of a service on another machine whose port somebody holds here are not tested", async () => {
    await using twin = await startPartsTwin([]);
    const url = String(twin.service["url"]).replace("127.0.0.1", "nobody.invalid");
    const it = { kind: "http", url, volumes: ["/data"], limits: { memoryBytes: 104_857_600 } };
    const stack = { ...twin.stack, timeoutMs: 200, services: { it } };
    const { words, sentences } = await runStackPlan(stack);
    expect(words["it.mounts"]).toBe("not_tested capability_missing");
    expect(words["it.memory"]).toBe("not_tested capability_missing");
    expect(sentences["it.memory"]).toContain("nobody.invalid is not this machine");
  });

  it("of a container whose port another program holds for it are not tested", async () => {
    for (const reply of ["docker-proxy", "rootlessport", "conmon"]) {
      const { words, sentences } = await against([{ when: "Name", reply }]);
      expect(words["it.mounts"]).toBe("not_tested capability_missing");
      expect(words["it.memory"]).toBe("not_tested capability_missing");
      expect(sentences["it.memory"]).toMatch(new RegExp(`${reply} holds \\d+ and hands on`));
    }
  });

  it("on a machine without procfs are not tested by name", async () => {
    await using twin = await startPartsTwin([]);
    const services = { it: twin.service };
    const procRoot = join("/nowhere", "proc");
    const { words, sentences } = await runStackPlan({ procRoot, services });
    expect(words["it.listeners"]).toBe("not_tested capability_missing");
    expect(sentences["it.listeners"]).toContain("/nowhere/proc tells of no sockets");
  });

  it("a server that lets connections in and answers none of them fails in bounded time", async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket));
    const port = await listenOnLoopback(silent);
    const url = `http://127.0.0.1:${port}`;
    const it = { kind: "mlflow", url, limits: { connections: 5 } };
    const { words } = await runStackPlan({ timeoutMs: 200, services: { it } });
    expect(words["it.held_connections"]).not.toBe("passed");
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it("more connections than the check opens are not tested, never passed", async () => {
    const { words, sentences } = await against([], { limits: { connections: 5_000 } });
    expect(words["it.held_connections"]).toBe("not_tested capability_missing");
    expect(sentences["it.held_connections"]).toContain("above 256");
  });

  it("an address that is none is refused by the manifest", async () => {
    await expect(against([], { listeners: ["everywhere"] })).rejects.toThrow(/give host:port/);
  });
});

describe.skipIf(process.platform !== "linux")("the parts of a service of this machine", () => {
  it("its listener and memory are found through its port", async () => {
    await using twin = await startPartsTwin([]);
    const { words, sentences } = await runStackPlan({
      services: { it: { ...twin.service, limits: { memoryBytes: 64 * 1024 ** 3 } } },
    });
    expect(words["it.listeners"]).toBe("passed");
    expect(words["it.memory"], sentences["it.memory"]).toBe("passed");
  });
});
