import { describe, expect, it } from "vitest";
import { startContainerTwin } from "./stubs/container.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("container", startContainerTwin);

describe("a container", () => {
  it("without an engine on the machine is not tested, by name", async () => {
    const more = { engine: "/nowhere/podman" };
    const { words, sentences } = await againstTwin(startContainerTwin, [], more);
    expect(words["it.running"]).toBe("not_tested tool_missing");
    expect(sentences["it.running"]).toContain("/nowhere/podman is not on this machine");
    expect(words["it.user"]).toBe("not_tested baseline_broken");
  });

  it("the engine does not know is a failure", async () => {
    const { words } = await againstTwin(startContainerTwin, [], { engine: "false" });
    expect(words["it.running"]).toBe("failed false");
  });

  it("above the declared memory fails its limits", async () => {
    const more = { limits: { memoryBytes: 1_000 } };
    const { words } = await againstTwin(startContainerTwin, [], more);
    expect(words["it.limits"]).toBe("failed false");
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
