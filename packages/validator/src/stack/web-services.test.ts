import { describe, expect, it } from "vitest";
import { startHttpTwin } from "./stubs/http.ts";
import { startMlflowTwin } from "./stubs/mlflow.ts";
import { startS3Twin } from "./stubs/s3.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";
import { plannedCalls } from "./wire/openapi-calls.ts";

twinSuite("s3", startS3Twin("s3"));
twinSuite("minio", startS3Twin("minio"));
twinSuite("mlflow", startMlflowTwin);
twinSuite("http", startHttpTwin);

describe("what a version lacks", () => {
  it("is an error of the check and never a failure of MLflow [R1-15]", async () => {
    const rules = [
      { when: "POST /api/2.0/mlflow/runs/log-metric", status: 404, reply: "Not Found" },
    ];
    const { words } = await againstTwin(startMlflowTwin, rules);
    expect(words["it.run"]).toBe("error probe_contract");
  });

  it("a refusal keeps status and body in place of a guessed cause [R1-15]", async () => {
    const rules = [{ when: "POST /api/2.0/mlflow/runs/create", status: 500, reply: "db locked" }];
    const { words, sentences } = await againstTwin(startMlflowTwin, rules);
    expect(words["it.run"]).toBe("failed false");
    expect(sentences["it.run"]).toContain("runs/create answered 500: db locked");
  });
});

describe("answers against their OpenAPI document", () => {
  it("one that cannot be read fails, and one without operations proves nothing", async () => {
    for (const reply of ["<html>", '{"openapi":"3.0.0","paths":{}}']) {
      const rules = [{ when: "GET /openapi.json", reply }];
      const { words } = await againstTwin(startHttpTwin, rules);
      expect(words["it.openapi"]).toBe("failed false");
    }
  });
});

describe("what an HTTP API refuses", () => {
  it.each([
    ["broken JSON that is taken", "POST /items", 201, "(broken JSON) answered 201"],
    ["a body without an end of its size", "POST /items", 200, "(large body) answered 200"],
  ])("%s is a failure of its errors [R1-14]", async (_, when, status, said) => {
    const rules = [{ when, status, reply: "{}" }];
    const { words, evidence } = await againstTwin(startHttpTwin, rules);
    expect(words["it.errors"]).toBe("failed false");
    expect(evidence).toContain(said);
  });

  it("a value that is declared wrong and refused with another status is a failure, named with both [R1-14]", async () => {
    const refusals = [{ path: "/items", json: { name: [] }, status: 409 }];
    const { words, evidence } = await againstTwin(startHttpTwin, [], { refusals });
    expect(words["it.errors"]).toBe("failed false");
    expect(evidence).toContain("POST /items (POST /items 409) answered 422");
  });

  it("without a route that takes JSON only routes and methods are promised [R1-14]", async () => {
    const { words, evidence } = await againstTwin(startHttpTwin, [], { accepts: undefined });
    expect(words["it.errors"]).toBe("passed");
    expect(evidence).not.toContain("broken JSON");
  });

  it("errors of two shapes are a failure, though each is refused", async () => {
    const rules = [
      { when: "DELETE /health", status: 405, reply: '{"detail":"Method Not Allowed"}' },
    ];
    const { words, sentences } = await againstTwin(startHttpTwin, rules);
    expect(words["it.errors"]).toBe("failed false");
    expect(sentences["it.errors"]).toContain("detail");
  });
});

describe("what browsers are told [R1-13]", () => {
  const allow = "access-control-allow-origin";
  it.each([
    ["a wildcard with cookies", { credentials: true }, "*"],
    ["a method nobody allowed", { method: "PUT" }, "https://app.example"],
    ["a header nobody allowed", { headers: ["authorization"] }, "https://app.example"],
  ])("%s is no permission", async (_, more, told) => {
    const rules = [
      { when: "OPTIONS /items from https://foreign", status: 204, reply: "" },
      { when: "OPTIONS", status: 204, reply: "", headers: { [allow]: told } },
    ];
    const cors = { path: "/items", allowed: "https://app.example", ...more };
    const { words } = await againstTwin(startHttpTwin, rules, { cors });
    expect(words["it.cors"]).toBe("failed false");
  });

  it("a 304 to every tag, and gzip that is none, are failures", async () => {
    const stale = [{ when: "GET /items if-none-match", status: 304, reply: "" }];
    expect((await againstTwin(startHttpTwin, stale)).words["it.etag"]).toBe("failed false");
    const headers = { "content-encoding": "gzip" };
    const fake = [{ when: "GET /items gzip", status: 200, reply: "plain", headers }];
    const { words, sentences } = await againstTwin(startHttpTwin, fake);
    expect(words["it.compression"]).toBe("failed false");
    expect(sentences["it.compression"]).toContain("is no gzip");
  });
});

describe("calls of an OpenAPI document [R1-08]", () => {
  it("take its examples, words in place of numbers, and leave what has none", () => {
    const page = { name: "page", in: "query", schema: { type: "integer", default: 1 } };
    const id = { name: "id", in: "path", required: true, schema: { type: "string" } };
    const document = {
      components: { parameters: { Page: page } },
      paths: {
        "/a": { get: { parameters: [{ $ref: "#/components/parameters/Page" }] } },
        "/b/{id}": { parameters: [{ ...id, example: "x y" }], get: {} },
        "/c/{id}": { get: { parameters: [id] } },
        "/d": { post: {} },
      },
    };
    const { calls, left } = plannedCalls(document);
    expect(calls.map(({ path, isWrong }) => [path, isWrong])).toEqual([
      ["/a?page=1", false],
      ["/a?page=loadline-no-number", true],
      ["/b/x%20y", false],
    ]);
    expect(left).toBe(1);
  });

  it("a server error to a wrong value is a failure, declared or not", async () => {
    const rules = [{ when: "GET /pages/loadline-no-number", status: 500, reply: "{}" }];
    const { words, sentences } = await againstTwin(startHttpTwin, rules);
    expect(words["it.openapi"]).toBe("failed false");
    expect(sentences["it.openapi"]).toContain("answered 500");
  });
});

describe("policies and versions of an object store", () => {
  const policy = (statement: object) => [
    { when: "GET /data?policy", reply: JSON.stringify({ Statement: statement }) },
  ];
  const all = { Effect: "Allow", Principal: "*", Action: "s3:*" };

  it.each([
    ["one statement that is no list", all, "failed false"],
    ["everybody under a condition", [{ ...all, Condition: { IpAddress: {} } }], "passed"],
    ["everybody denied", [{ ...all, Effect: "Deny" }], "passed"],
    ["one account", [{ ...all, Principal: { AWS: "arn:aws:iam::1:root" } }], "passed"],
  ])("%s is told from a policy for all", async (_, statement, word) => {
    const { words } = await againstTwin(startS3Twin("s3"), policy(statement));
    expect(words["it.policy"]).toBe(word);
  });

  it("a policy the keys may not read is not tested, by name", async () => {
    const rules = [{ when: "GET /data?policy", status: 403, reply: "<Code>AccessDenied</Code>" }];
    const { words, sentences } = await againstTwin(startS3Twin("s3"), rules);
    expect(words["it.policy"]).toBe("not_tested capability_missing");
    expect(sentences["it.policy"]).toContain("may not read the policy of data");
  });

  it("every version a run wrote is taken back [R1-03]", async () => {
    const { sentences } = await againstTwin(startS3Twin("s3"));
    expect(sentences["it.versions"]).toMatch(/came back equal; [4-9] versions were taken back/);
  });
});
