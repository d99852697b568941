import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codeOf } from "@loadline/kit/errors";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../testkit/src/eventually.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { startContainerTwin } from "./stubs/container.ts";
import { jsonReply, startWebStub } from "./stubs/web.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("container", startContainerTwin);

/** Whether there is such a process; of one that ended nobody is told. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
    throw error;
  }
}

describe("a container", () => {
  it("without an engine on the machine is not tested, by name", async () => {
    const more = { engine: "/nowhere/podman" };
    const { words, sentences } = await againstTwin(startContainerTwin, [], more);
    expect(words["it.running"]).toBe("not_tested tool_missing");
    expect(sentences["it.running"]).toContain("/nowhere/podman is not on this machine");
    expect(words["it.user"]).toBe("not_tested baseline_broken");
  });

  it("whose engine hangs, and does not end when it is asked to, is a failure in its time, and ended", async () => {
    await using twin = await startContainerTwin([]);
    const engine = String(twin.service["engine"]);
    const told = join(dirname(engine), "pid");
    const loop = "while :; do sleep 0.1; done";
    await writeFile(engine, `#!/bin/sh\ntrap '' TERM INT\necho $$ > "${told}"\n${loop}\n`);
    await chmod(engine, 0o755);
    const { words } = await runStackPlan({ timeoutMs: 3_000, services: { it: twin.service } });
    expect(words["it.running"]).toBe("failed false");
    const pid = Number(await readFile(told, "utf8"));
    try {
      await eventually(systemClock(), () => !isAlive(pid), 20_000);
    } finally {
      if (isAlive(pid)) process.kill(pid, "SIGKILL");
    }
  }, 60_000);

  it("that does not come back from its restart keeps no marker of the check", async () => {
    await using twin = await startContainerTwin([]);
    const inner = String(twin.service["engine"]);
    const folder = dirname(inner);
    const lines = [
      "#!/bin/sh",
      `if [ "$1" = restart ]; then : > "${folder}/gone"; fi`,
      `if [ "$1" = inspect ] && [ -e "${folder}/gone" ]; then echo '[{"State":{"Status":"exited"}}]'; exit; fi`,
      `exec "${inner}" "$@"`,
    ];
    const engine = `${inner}-once`;
    await writeFile(engine, lines.join("\n"));
    await chmod(engine, 0o755);
    const services = { it: { ...twin.service, engine } };
    const { words } = await runStackPlan({ timeoutMs: 4_000, services });
    expect(words["it.mounts"]).toBe("passed");
    expect(words["it.volumes"]).toBe("failed false");
    const kept = await readdir(join(folder, "kept"));
    expect(kept.filter((name) => name !== ".keep")).toEqual([]);
  }, 60_000);

  it("the engine does not know is a failure", async () => {
    const { words } = await againstTwin(startContainerTwin, [], { engine: "false" });
    expect(words["it.running"]).toBe("failed false");
  });

  it("above the declared memory fails its limits", async () => {
    const more = { limits: { memoryBytes: 1_000 } };
    const { words } = await againstTwin(startContainerTwin, [], more);
    expect(words["it.limits"]).toBe("failed false");
  });

  it("of an image without a revision, or of another one than its program tells, fails [R1-07]", async () => {
    const labelled = async (labels: object | null): Promise<string> => {
      const rule = { when: "inspect", reply: JSON.stringify({ Config: { Labels: labels } }) };
      const { words, sentences } = await againstTwin(startContainerTwin, [rule]);
      return `${words["it.revision"]}: ${sentences["it.revision"]}`;
    };
    expect(await labelled(null)).toMatch(/^failed false: .*labelled with no revision; .* tells/);
    const other = { "org.opencontainers.image.revision": "5e5e5e" };
    expect(await labelled(other)).toMatch(/^failed false: .*labelled with revision 5e5e5e; /);
    expect((await againstTwin(startContainerTwin)).words["it.revision"]).toBe("passed");
  });

  it("whose program tells no commit keeps its revision not tested, and one nobody asks for has no claim", async () => {
    await using silent = await startWebStub([], [{ when: "GET /", answer: jsonReply({}) }]);
    const { words } = await againstTwin(startContainerTwin, [], { commitAt: `${silent.url}/` });
    expect(words["it.revision"]).toMatch(/^not_tested/);
    const none = await againstTwin(startContainerTwin, [], { commitAt: undefined });
    expect(Object.keys(none.words)).not.toContain("it.revision");
  });

  it("that may not be restarted keeps its volumes not tested, and their mounts checked [R1-11]", async () => {
    const { words } = await againstTwin(startContainerTwin, [], { restartable: false });
    expect(words["it.mounts"]).toBe("passed");
    expect(words["it.volumes"]).toMatch(/^not_tested/);
  });

  it.each([
    ["/other", "is no mount"],
    ["/data", "is the same folder as /copy"],
  ])("a declared volume %s that %s is told so", async (folder, why) => {
    const own = { Type: "bind", Source: "/v/1", Destination: "/data", RW: true };
    const mounts = { Mounts: [own, { ...own, Destination: "/copy" }] };
    const rules = [{ when: "inspect", reply: JSON.stringify(mounts) }];
    const { words, sentences } = await againstTwin(startContainerTwin, rules, {
      volumes: [folder],
    });
    expect(words["it.mounts"]).toBe("failed false");
    expect(sentences["it.mounts"]).toContain(why);
    expect(words["it.volumes"]).toBe("not_tested baseline_broken");
  });
});
