import { describe, expect, it } from "vitest";
import { encode, sha256 } from "../../test/support.ts";
import {
  attestationFiles,
  buildManifest,
  isAttestation,
  isView,
  manifestInput,
  manifestText,
  readManifest,
} from "./manifest.ts";

const files = new Map([
  ["verdict.json", encode("v")],
  ["artifacts/b", encode("bb")],
  ["evidence.jsonl", encode("")],
  ["plan.json", encode("p")],
  ["report.html", encode("<p>")],
  ["manifest.json", encode("{}")],
  ["attestations/readiness.dsse.json", encode("{}")],
]);

const manifest = buildManifest({
  run: "run-1",
  toolVersion: "1.0.0",
  planDigest: "p",
  recordCount: 3,
  chainHead: "h",
  files,
  digest: sha256,
});

describe("a manifest", () => {
  it("lists every file but views, attestations and itself, by path, with size and digest", () => {
    expect(manifest.files).toEqual([
      { path: "artifacts/b", sizeBytes: 2, digest: sha256(encode("bb")) },
      { path: "evidence.jsonl", sizeBytes: 0, digest: sha256(encode("")) },
      { path: "plan.json", sizeBytes: 1, digest: sha256(encode("p")) },
      { path: "verdict.json", sizeBytes: 1, digest: sha256(encode("v")) },
    ]);
  });

  it("is sealed: its own digest covers all the rest, and it is one line that ends", () => {
    const { digest, ...open } = manifest;
    expect(digest).toBe(sha256(manifestInput(open)));
    expect(manifest.buildDigest).toBe("");
    expect(manifestText(manifest)).toMatch(/^\{[^\n]+\}\n$/);
    expect(JSON.parse(manifestText(manifest))).toEqual(manifest);
  });

  it("is read as it stands, and none when a member is of another kind", () => {
    expect(readManifest(manifest)).toBe(manifest);
    for (const key of ["run", "toolVersion", "buildDigest", "planDigest", "chainHead", "digest"])
      expect([key, readManifest({ ...manifest, [key]: 1 })]).toEqual([key, null]);
    for (const bad of [null, [], { ...manifest, schema: "loadline-manifest/v2" }])
      expect(readManifest(bad)).toBeNull();
    for (const recordCount of [-1, 0.5, "3"])
      expect(readManifest({ ...manifest, recordCount })).toBeNull();
  });

  it.each([{ path: 1 }, { sizeBytes: -1 }, { sizeBytes: "1" }, { digest: "x" }])(
    "one file with %j makes it none",
    (change) => {
      const [first, ...rest] = manifest.files;
      const changed = [...rest, { ...first, ...change }];
      expect(readManifest({ ...manifest, files: changed })).toBeNull();
      expect(readManifest({ ...manifest, files: {} })).toBeNull();
    },
  );
});

describe("files beside the evidence", () => {
  it.each([
    ["report.md", true],
    ["report.html", true],
    ["junit.xml", true],
    ["results.sarif", true],
    ["results-github.sarif", true],
    ["ctrf.json", true],
    ["statements.intoto.jsonl", true],
    ["report.", false],
    ["artifacts/report.md", false],
    ["my-report.md", false],
    ["report.md.bak", false],
    ["verdict.json", false],
  ])("%s is a rendering: %s", (path, isOne) => {
    expect(isView(path)).toBe(isOne);
  });

  it.each([
    ["attestations/readiness.dsse.json", true],
    ["attestations/approval-1.dsse.json", true],
    ["attestations/.dsse.json", false],
    ["attestations/a/b.dsse.json", false],
    ["x/attestations/a.dsse.json", false],
    ["attestations/a.dsse.json.bak", false],
    ["attestations/a.json", false],
  ])("%s is a signed statement: %s", (path, isOne) => {
    expect(isAttestation(path)).toBe(isOne);
  });

  it("signed statements come sorted by path, whatever order the folder gave", () => {
    const name = (one: string): string => `attestations/${one}.dsse.json`;
    const found = attestationFiles(
      new Map([name("c"), "plan.json", name("a"), name("b")].map((path) => [path, encode(path)])),
    );
    expect(found.map(([path]) => path)).toEqual([name("a"), name("b"), name("c")]);
  });
});
