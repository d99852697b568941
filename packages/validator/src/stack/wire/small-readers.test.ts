import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guessKind, otherKind } from "../guess-kind.ts";
import { cycleOf } from "../graph.ts";
import { fitsVersion } from "../probes/version.ts";
import { removedIn } from "./kube-versions.ts";
import { quantityOf } from "./quantity.ts";
import { infoFields, textsOf } from "./redis-session.ts";
import { recordsIn, textIn, valueIn } from "./shape.ts";
import { awsEncode, signed } from "./sigv4.ts";

describe("a quantity of Kubernetes", () => {
  it.each([
    ["250m", 0.25],
    ["1", 1],
    [2, 2],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["128974848", 128_974_848],
    ["129e6", 129_000_000],
    ["123Mi", 123 * 2 ** 20],
    ["1k", 1_000],
    ["500u", 0.0005],
    ["1E", 1e18],
    ["1Ei", 2 ** 60],
  ])("%s is %d", (text, value) => {
    expect(quantityOf(text)).toBeCloseTo(value, 9);
  });

  it.each(["", "m", "1GB", "1 Gi", "-1", "1..5", "one", "Gi1", null, undefined, {}, true])(
    "%s is none",
    (text) => {
      expect(quantityOf(text)).toBeNull();
    },
  );

  it("grows with its suffix", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), (count) => {
        const sizes = ["m", "", "Ki", "Mi", "Gi"].map((unit) => quantityOf(`${count}${unit}`) ?? 0);
        expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("a version of the Kubernetes API", () => {
  it("is gone from the release that removed it on, for its kinds alone", () => {
    expect(removedIn("policy/v1beta1", "PodDisruptionBudget", "1.24")).toBeNull();
    expect(removedIn("policy/v1beta1", "PodDisruptionBudget", "1.25")).toBe("1.25");
    expect(removedIn("policy/v1beta1", "PodDisruptionBudget", "v1.31.2")).toBe("1.25");
    expect(removedIn("policy/v1", "PodDisruptionBudget", "1.31")).toBeNull();
    expect(removedIn("extensions/v1beta1", "Ingress", "1.21")).toBeNull();
    expect(removedIn("extensions/v1beta1", "Deployment", "1.16")).toBe("1.16");
    expect(removedIn("batch/v1beta1", "Job", "1.31")).toBeNull();
  });

  it("is gone for whoever names no release", () => {
    expect(removedIn("batch/v1beta1", "CronJob", undefined)).toBe("1.25");
  });

  it("stays gone in every later release", () => {
    fc.assert(
      fc.property(fc.integer({ min: 25, max: 99 }), (minor) => {
        expect(removedIn("batch/v1beta1", "CronJob", `1.${minor}`)).toBe("1.25");
      }),
    );
  });
});

describe("a declared version", () => {
  it("fits what begins with its numbers, and nothing that begins with its digits", () => {
    expect(fitsVersion("15", "PostgreSQL 15.4 (Debian)")).toBe(true);
    expect(fitsVersion("15", "150.1")).toBe(false);
    expect(fitsVersion("7.0", "7.0.15")).toBe(true);
    expect(fitsVersion("7.0.15.1", "7.0.15")).toBe(false);
    expect(fitsVersion("7", "unknown")).toBe(false);
  });

  it("fits itself with anything behind it", () => {
    const numbers = fc.array(fc.nat(99), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(numbers, numbers, (own, more) => {
        expect(fitsVersion(own.join("."), [...own, ...more].join("."))).toBe(true);
      }),
    );
  });
});

describe("a signature of AWS", () => {
  const keys = { accessKey: "one", secretKey: "two", region: "eu-west-1" };
  const ask = { method: "GET", url: "http://127.0.0.1:9/data/a%20b?b=2&a=1" };
  const sign = (more: object = {}, own = keys, wallMs = 1_767_323_045_000): string =>
    signed({ ...ask, ...more }, own, wallMs).headers?.["authorization"] ?? "";

  it("is the same for the same, and another for every part that differs", () => {
    expect(sign()).toBe(sign());
    const others = [
      sign({ method: "PUT" }),
      sign({ url: "http://127.0.0.1:9/data/a%20c?b=2&a=1" }),
      sign({ url: "http://127.0.0.1:9/data/a%20b?b=2&a=2" }),
      sign({ url: "http://127.0.0.1:10/data/a%20b?b=2&a=1" }),
      sign({ body: Buffer.from("x") }),
      sign({}, { ...keys, secretKey: "three" }),
      sign({}, { ...keys, region: "us-east-1" }),
      sign({}, keys, 1_767_323_046_000),
    ];
    expect(new Set([sign(), ...others]).size).toBe(others.length + 1);
  });

  it("does not depend on the order of the query", () => {
    expect(sign({ url: "http://127.0.0.1:9/data/a%20b?a=1&b=2" })).toBe(sign());
  });

  it("names its key, day and scope, and never the secret", () => {
    expect(sign()).toContain("Credential=one/20260102/eu-west-1/s3/aws4_request");
    expect(JSON.stringify(signed(ask, keys, 0))).not.toContain("two");
  });

  it("escapes all but the unreserved", () => {
    expect(awsEncode("a b/!'()*~-_.")).toBe("a%20b%2F%21%27%28%29%2A~-_.");
  });
});

describe("a round of edges", () => {
  it("is found with its first name again at its end", () => {
    const edge = (text: string) => ({ from: text[0] ?? "", to: text[1] ?? "" });
    expect(cycleOf(["ab", "bc", "ca"].map(edge))).toEqual(["a", "b", "c", "a"]);
    expect(cycleOf(["xa", "ab", "ba"].map(edge))).toEqual(["a", "b", "a"]);
    expect(cycleOf(["aa"].map(edge))).toEqual(["a", "a"]);
    expect(cycleOf(["ab", "ac", "bd", "cd"].map(edge))).toBeNull();
    expect(cycleOf([])).toBeNull();
  });

  it("is none where every edge leads to a larger name", () => {
    const pair = fc.tuple(fc.nat(20), fc.nat(20)).filter(([a, b]) => a < b);
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 40 }), (pairs) => {
        const edges = pairs.map(([from, to]) => ({ from: String(from), to: String(to) }));
        expect(cycleOf(edges)).toBeNull();
      }),
    );
  });
});

describe("the first bytes of a server", () => {
  const context = { excerpt: (text: string, charsMax: number) => text.slice(0, charsMax) };

  it.each([
    ["HTTP/1.1 400 Bad Request", "an HTTP server"],
    ["<html><body>", "an HTTP server"],
    ["-NOAUTH Authentication required.", "Redis"],
    ["+PONG", "Redis"],
    ["SFATAL.VFATAL.C0A000.Munsupported frontend protocol", "PostgreSQL"],
    ["5.5.5-10.6.12-MariaDB", "MySQL"],
    ["SSH-2.0-OpenSSH_9.6", "an SSH server"],
  ])("%s speak of it", (raw, kind) => {
    expect(guessKind(raw)).toBe(kind);
    expect(otherKind(context, "Neo4j", raw)).toContain(`No Neo4j answers there but ${kind}`);
  });

  it("that are like none are quoted, cut, and none at all are told", () => {
    expect(guessKind("hello")).toBeNull();
    expect(otherKind(context, "Redis", "")).toBe("No Redis answers there; it said nothing");
    expect(otherKind(context, "Redis", "x".repeat(500)).length).toBeLessThan(150);
  });
});

describe("the lines of INFO", () => {
  it("are read with what stands behind the first colon, comments left out", () => {
    const fields = infoFields(
      "# Server\r\nredis_version:7.2.4\r\nconfig:a:b:c\r\n\r\nslave0:ip=1\r\n",
    );
    expect([...fields]).toEqual([
      ["redis_version", "7.2.4"],
      ["config", "a:b:c"],
      ["slave0", "ip=1"],
    ]);
    expect(infoFields(null).size).toBe(0);
    expect(textsOf(["a", 1, null, "b"])).toEqual(["a", "b"]);
  });
});

describe("values of an answer", () => {
  it("are found by their path, and none where it leads nowhere", () => {
    const value = { a: [{ b: 1 }, { b: "two" }], c: null };
    expect(valueIn(value, "a.1.b")).toBe("two");
    expect(textIn(value, "a.0.b")).toBe("1");
    expect(recordsIn(value, "a")).toHaveLength(2);
    for (const path of ["a.2.b", "c.d", "a.x", "toString.name"])
      expect(textIn(value, path)).toBe("");
    expect(recordsIn([1, { a: 1 }, null, [2]], "")).toEqual([{ a: 1 }]);
    expect(recordsIn({ a: {} }, "a")).toEqual([]);
  });
});
