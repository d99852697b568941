import { describe, expect, it } from "vitest";
import { encodePath, encodeQuery, signedHeaders } from "./sign.ts";

// The examples of the specification of Signature Version 4 for S3, which name their own keys.
const who = {
  accessKey: ["AKIA", "IOSFODNN7EXAMPLE"].join(""),
  secretKey: ["wJalrXUtnFEMI", "K7MDENG", "bPxRfiCYEXAMPLEKEY"].join("/"),
  region: "us-east-1",
};
const wallMs = Date.UTC(2013, 4, 24);
const host = "examplebucket.s3.amazonaws.com";
const body = Buffer.alloc(0);

function signatureOf(list: readonly string[]): string | undefined {
  return /Signature=([0-9a-f]+)$/.exec(list.at(-1) ?? "")?.[1];
}

describe("requests signed for S3", () => {
  it("have the signature of the specification's GET of an object", () => {
    const headers = { range: "bytes=0-9" };
    const request = { method: "GET", host, path: "/test.txt", query: [], headers, body };
    expect(signatureOf(signedHeaders(request, who, wallMs))).toBe(
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
  });

  it("have the signature of the specification's listing, in whatever order its query is", () => {
    const pairs = [
      ["prefix", "J"],
      ["max-keys", "2"],
    ] as const;
    for (const query of [pairs, pairs.toReversed()]) {
      const request = { method: "GET", host, path: "/", query, headers: {}, body };
      expect(signatureOf(signedHeaders(request, who, wallMs))).toBe(
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
      );
    }
  });

  it("have another signature for every change of method, path, query, header, body, key or time", () => {
    const query = [["a", "b"]] as const;
    const base = { method: "PUT", host, path: "/k", query, headers: { range: "x" }, body };
    const signatures = [
      signedHeaders(base, who, wallMs),
      signedHeaders({ ...base, method: "GET" }, who, wallMs),
      signedHeaders({ ...base, path: "/l" }, who, wallMs),
      signedHeaders({ ...base, query: [] }, who, wallMs),
      signedHeaders({ ...base, headers: {} }, who, wallMs),
      signedHeaders({ ...base, body: Buffer.from("x") }, who, wallMs),
      signedHeaders({ ...base, host: "other" }, who, wallMs),
      signedHeaders(base, { ...who, region: "eu" }, wallMs),
      signedHeaders(base, { ...who, secretKey: "x" }, wallMs),
      signedHeaders(base, who, wallMs + 1000),
    ].map(signatureOf);
    expect(new Set(signatures).size).toBe(signatures.length);
  });

  it("name what they sign and never show the secret", () => {
    const list = signedHeaders(
      { method: "GET", host, path: "/", query: [], headers: {}, body },
      who,
      wallMs,
    );
    expect(list).toContain("20130524T000000Z");
    expect(list.join(" ")).toContain("SignedHeaders=host;x-amz-content-sha256;x-amz-date");
    expect(list.join(" ")).not.toContain(who.secretKey);
  });

  it("write what is not a letter, digit or -._~ as %XX, and keep the slashes of a path", () => {
    expect(encodePath("/b/a b(1)*'!ä")).toBe("/b/a%20b%281%29%2A%27%21%C3%A4");
    expect(
      encodeQuery([
        ["b", "/"],
        ["a", "1"],
      ]),
    ).toBe("a=1&b=%2F");
  });
});
