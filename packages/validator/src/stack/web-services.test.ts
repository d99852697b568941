import { describe, expect, it } from "vitest";
import { startHttpTwin } from "./stubs/http.ts";
import { startMlflowTwin } from "./stubs/mlflow.ts";
import { startS3Twin } from "./stubs/s3.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";

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
