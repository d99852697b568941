import { describe, expect, it } from "vitest";
import { startTlsTwin } from "./stubs/tls.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

twinSuite("tls", startTlsTwin);

describe("a door of TLS", () => {
  it("tells chain, versions, days to expiry, HSTS and a post-quantum group [R1-30]", async () => {
    const { words, sentences } = await againstTwin(startTlsTwin);
    const said = ["chain", "expiry", "versions", "hsts", "post_quantum"].map(
      (check) => `${words[`it.${check}`]}: ${sentences[`it.${check}`]}`,
    );
    expect(said).toEqual([
      "passed: trust: The chain twin is trusted.",
      expect.stringMatching(/^passed: 300\.0 days are left/),
      "passed: current: Spoken: TLSv1.2, TLSv1.3.",
      "passed: strict-transport-security: max-age=31536000.",
      "passed: X25519MLKEM768 was taken.",
    ]);
  });

  it("whose certificate is for another name fails in that part alone [R1-30]", async () => {
    const { words, sentences } = await againstTwin(startTlsTwin, [], { serverName: "db.example" });
    expect(words["it.chain"]).toBe("failed false");
    expect(sentences["it.chain"]).toContain("is not");
    expect(sentences["it.chain"]).toContain("db.example");
  });

  it("without a declared authority is not trusted when it vouches for itself", async () => {
    const { words } = await againstTwin(startTlsTwin, [], { ca: undefined });
    expect(words["it.chain"]).toBe("failed false");
    expect(words["it.expiry"]).toBe("passed");
  });

  it("whose authority cannot be read, or is no file, is not tested by name", async () => {
    for (const [ca, why] of [
      ["/nowhere/ca.pem", "ENOENT"],
      ["/", "no small file"],
    ] as const) {
      const { words, sentences } = await againstTwin(startTlsTwin, [], { ca });
      expect(words["it.chain"]).toBe("not_tested capability_missing");
      expect(sentences["it.chain"]).toContain(`${ca} cannot be read (${why})`);
      expect(words["it.expiry"]).toBe("passed");
    }
  });

  it("that speaks TLS 1.2 fails where 1.3 is declared the oldest", async () => {
    const { sentences } = await againstTwin(startTlsTwin, [], { minVersion: "1.3" });
    expect(sentences["it.versions"]).toContain("TLSv1.2");
  });
});
