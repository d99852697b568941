import { describe, expect, it } from "vitest";
import { startS3Twin } from "./stubs/s3.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

const twin = startS3Twin("minio");
const quorum = (said?: string, status = 200) => ({
  when: "GET /minio/health/cluster",
  status,
  reply: "",
  ...(said === undefined ? {} : { headers: { "x-minio-write-quorum": said } }),
});

describe("the write quorum of MinIO", () => {
  it.each([
    [undefined, 200],
    ["1", 200],
    ["3", 503],
  ] as const)(
    "is not there when %s is told with %i, though four nodes are declared",
    async (said, status) => {
      const { words } = await againstTwin(twin, [quorum(said, status)]);
      expect(words["it.cluster"]).toBe("failed false");
      expect(words["it.live"]).toBe("passed");
    },
  );

  it("of a single node is nobody's promise: not tested with its reason, never passed", async () => {
    for (const said of [undefined, "1"]) {
      const { words, sentences, exitCode } = await againstTwin(twin, [quorum(said)], { nodes: 1 });
      expect(words["it.cluster"]).toBe("not_tested capability_missing");
      expect(sentences["it.cluster"]).toContain("single node");
      expect(words["it.live"]).toBe("passed");
      expect(exitCode).toBe(0);
    }
  });

  it("of one node with several disks is looked at", async () => {
    expect((await againstTwin(twin, [quorum("2")], { nodes: 1 })).words["it.cluster"]).toBe(
      "passed",
    );
    expect((await againstTwin(twin, [quorum("2", 503)], { nodes: 1 })).words["it.cluster"]).toBe(
      "failed false",
    );
  });

  it("of a server without the route is an error of the check", async () => {
    const { words } = await againstTwin(twin, [quorum(undefined, 404)]);
    expect(words["it.cluster"]).toBe("error probe_contract");
  });
});
