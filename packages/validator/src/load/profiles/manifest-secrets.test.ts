import { describe, expect, it } from "vitest";
import { profileManifestSchema } from "./manifest.ts";
import { manifestWithSecrets } from "./manifest-secrets.ts";

const given = (headers: Record<string, string>) => ({
  rag: {
    ingest: { path: "/d" },
    query: { path: "/q" },
    resultsPath: "r",
    textPath: "t",
    tenants: [
      { name: "a", headers },
      { name: "b", headers: { "x-plain": "b" } },
    ],
  },
});
const env = (name: string): string | undefined => ({ A: "key-of-a", EMPTY: "" })[name];
const filled = (headers: Record<string, string>) =>
  manifestWithSecrets(profileManifestSchema.parse(given(headers)), env).manifest.rag?.tenants;

describe("secrets of a manifest", () => {
  it("headers of tenants are filled from the environment, plain ones stay", () => {
    expect(filled({ authorization: "Bearer ${env:A}", "x-b": "1" })).toEqual([
      { name: "a", headers: { authorization: "Bearer key-of-a", "x-b": "1" } },
      { name: "b", headers: { "x-plain": "b" } },
    ]);
  });

  it("what was read is told by its reference, for all that writes", () => {
    const manifest = profileManifestSchema.parse(given({ k: "Bearer ${env:A}", l: "plain" }));
    expect(manifestWithSecrets(manifest, env).secrets).toEqual({ "env:A": "key-of-a" });
  });

  it.each([
    ["${env:NO}", "NO is not set"],
    ["${env:EMPTY}", "EMPTY is not set"],
    ["${file:key.txt}", "write ${env:NAME}, not ${file:key.txt}"],
  ])("%s is refused before anything is sent", (text, message) => {
    const code = "LL_LOAD_SECRET";
    expect(() => filled({ k: text })).toThrow(expect.objectContaining({ code }));
    expect(() => filled({ k: text })).toThrow(message);
  });

  it.each([
    ["${feed.q}", "is the same for every request"],
    ["${foo}", "nothing is called ${foo}"],
    ["{{key}}", "nothing fills {{key}}"],
  ])("%s is no manifest", (text, message) => {
    const read = profileManifestSchema.safeParse(given({ k: text }));
    expect(read.error?.issues.map((issue) => issue.message).join()).toContain(message);
  });

  it("a manifest without a document store is as it was", () => {
    const manifest = profileManifestSchema.parse({});
    expect(manifestWithSecrets(manifest, env)).toEqual({ manifest, secrets: {} });
  });
});
