import { describe, expect, it } from "vitest";
import { runStackPlan } from "./stack.fixture.ts";
import { startGrafanaTwin } from "./stubs/grafana.ts";
import { startMcpTwin } from "./stubs/mcp.ts";
import { startMlflowTwin } from "./stubs/mlflow.ts";
import { startRagTwin } from "./stubs/rag.ts";
import { startS3Twin } from "./stubs/s3.ts";
import { jsonReply, startWebStub } from "./stubs/web.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

const s3 = startS3Twin("s3");

describe("an object store that answers 200 with something else", () => {
  it.each([
    ["the list of its bucket", "GET /data?list-type=2&max-keys=1", "login"],
    ["its versioning", "GET /data?versioning", "versioning"],
    ["its policy", "GET /data?policy", "policy"],
  ])("to %s has not answered it", async (_, when, check) => {
    for (const reply of ["<html>welcome</html>", ""]) {
      const more = check === "versioning" ? { versioning: false } : {};
      const { words } = await againstTwin(s3, [{ when, status: 200, reply }], more);
      expect(words[`it.${check}`], reply).toBe("failed false");
    }
  });

  it("whose own keys may not write to a bucket says nothing of who may read it", async () => {
    const rules = [
      { when: "PUT /data/anonymous/", status: 403, reply: "<Code>AccessDenied</Code>" },
    ];
    const { words, sentences } = await againstTwin(s3, rules);
    expect(words["it.private"]).toBe("not_tested capability_missing");
    expect(sentences["it.private"]).toContain("The keys may not write to data");
  });

  it("whose other buckets its keys may not list says nothing of them, and is not red for it", async () => {
    const rules = [{ when: "GET /spare?list-type=2 unsigned", status: 200, reply: "" }];
    const { words, sentences } = await againstTwin(s3, rules);
    expect(words["it.other_buckets"]).toBe("failed false");
    expect(sentences["it.other_buckets"]).toContain("spare (200)");
    const elsewhere = [{ when: "GET /spare?list-type=2 unsigned", status: 301, reply: "" }];
    const moved = await againstTwin(s3, elsewhere);
    expect(moved.words["it.other_buckets"]).toBe("not_tested capability_missing");
    expect(moved.sentences["it.other_buckets"]).toContain("spare (301)");
    await using twin = await s3([]);
    await using blind = await startWebStub(
      [],
      [
        { when: "GET /data", answer: { reply: "<ListBucketResult/>" } },
        {
          when: "GET /",
          answer: { status: 403, reply: "<Error><Code>AccessDenied</Code></Error>" },
        },
      ],
    );
    const it_ = { ...twin.service, url: blind.url };
    const seen = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } }, twin.secrets);
    expect(seen.words["it.login"]).toBe("passed");
    expect(seen.words["it.other_buckets"]).toBe("not_tested capability_missing");
  });

  it("which the world may list is open, whether we may write or not", async () => {
    const rules = [
      { when: "PUT /data/anonymous/", status: 403, reply: "" },
      { when: "GET /data?list-type=2 unsigned", status: 200, reply: "<ListBucketResult/>" },
    ];
    const { words } = await againstTwin(s3, rules);
    expect(words["it.private"]).toBe("failed false");
  });

  it("the command of a wrong secret carries a wrong secret, and no right one", async () => {
    const rules = [
      { when: "GET /data?list-type=2 badly", status: 200, reply: "<ListBucketResult/>" },
    ];
    const { evidence } = await againstTwin(s3, rules);
    const lines = evidence
      .split("\n")
      .filter((line) => line.includes("wrong secret: answered 200"));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toContain('"$TWIN_ACCESS:${TWIN_SECRET}x"');
  });
});

describe("MLflow that answers 200 with an error", () => {
  it.each([
    '{"error_code":"INTERNAL_ERROR","message":"no store"}',
    '{"error":"login"}',
    '"experiments"',
  ])("%s has listed nothing", async (reply) => {
    const rules = [{ when: "GET /api/2.0/mlflow/experiments/search", status: 200, reply }];
    const { words } = await againstTwin(startMlflowTwin, rules);
    expect(words["it.login"]).toBe("failed false");
  });
});

describe("an MCP server that answers 200", () => {
  const plain = 'POST / {"jsonrpc":"2.0","method":"tools/list"';
  it.each([
    [
      "with an error",
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"no such version"}}',
    ],
    ["with a page", "<html>welcome</html>"],
    ["with nothing", ""],
    ["with the result of another request", '{"jsonrpc":"2.0","id":9,"result":{"tools":[]}}'],
  ])("%s has let nobody in", async (_, reply) => {
    const rules = [{ when: plain, reply }];
    const more = { protocols: ["2026-07-28"] };
    const { words } = await againstTwin(startMcpTwin, rules, more);
    expect(words["it.opens"]).toBe("failed false");
  });

  it("to a call with the result of another has not answered it", async () => {
    const reply = JSON.stringify({
      jsonrpc: "2.0",
      id: 77,
      result: { resultType: "complete", content: [{ type: "text", text: "loadline" }] },
    });
    const rules = [{ when: 'POST / {"jsonrpc":"2.0","method":"tools/call"', reply }];
    const { words } = await againstTwin(startMcpTwin, rules, {
      call: { tool: "echo", arguments: {}, expect: "loadline" },
    });
    expect(words["it.call"]).toBe("failed false");
  });
});

describe("a store of documents whose search fails", () => {
  it("has not shown that a document is gone", async () => {
    await using twin = await startRagTwin([]);
    let own: unknown = null;
    let isFailing = false;
    await using stub = await startWebStub(
      [],
      [
        {
          when: "POST /rag/documents",
          answer: ({ text }) => ((own = JSON.parse(text)), jsonReply({}, 201)),
        },
        {
          when: "POST /rag/query",
          answer: () =>
            isFailing ? jsonReply({}, 500) : jsonReply({ results: own === null ? [] : [own] }),
        },
        {
          // From the first delete on, every search is an error.
          when: "DELETE /rag/documents/",
          answer: () => ((isFailing = true), (own = null), jsonReply({})),
        },
      ],
    );
    const it_ = { ...twin.service, url: stub.url };
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } });
    expect(isFailing).toBe(true);
    expect(words["it.read_back"]).toBe("failed false");
    expect(sentences["it.read_back"]).toContain("500");
  });

  it.each([500, 503, 400])("with %i for the other tenant has not kept it apart", async (status) => {
    await using twin = await startRagTwin([]);
    let own = "";
    await using stub = await startWebStub(
      [],
      [
        { when: "POST /rag/documents", answer: ({ text }) => ((own = text), jsonReply({}, 201)) },
        {
          when: "POST /rag/query",
          answer: ({ headers }) => {
            if (headers["x-tenant"] === "b") return jsonReply({}, status);
            const value: unknown = own === "" ? null : JSON.parse(own);
            return jsonReply({ results: value === null ? [] : [value] });
          },
        },
        { when: "DELETE /rag/documents/", answer: () => ((own = ""), jsonReply({})) },
      ],
    );
    const it_ = { ...twin.service, url: stub.url };
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } });
    expect(words["it.read_back"]).toBe("passed");
    expect(words["it.isolation"]).toBe("failed false");
    expect(sentences["it.isolation"]).toContain(String(status));
  });
});

describe("a panel", () => {
  const panel = (values: unknown) => [
    {
      when: "POST /api/ds/query",
      reply: JSON.stringify({ results: { A: { frames: [{ data: { values } }] } } }),
    },
  ];
  it.each([
    [
      "times and no value",
      [
        [1, 2],
        [null, null],
      ],
      "failed false",
    ],
    [
      "times and a value",
      [
        [1, 2],
        [null, 3],
      ],
      "passed",
    ],
    ["one column of values", [[7]], "passed"],
    ["one column of nothing", [[null]], "failed false"],
  ])("of %s is judged by its values", async (_, values, word) => {
    const { words } = await againstTwin(startGrafanaTwin, panel(values));
    expect(words["it.panels"]).toBe(word);
  });
});

describe("a service that tells no version", () => {
  it.each(["{}", '{"version":"unknown"}'])(
    "and of which one is declared (%s) is not wrong, and not passed",
    async (reply) => {
      await using stub = await startWebStub([], [{ when: "GET /health", answer: { reply } }]);
      const it_ = { kind: "http", url: stub.url, version: "2.1" };
      const { words, sentences } = await runStackPlan({ services: { it: it_ } });
      expect(words["it.answers"]).toBe("passed");
      expect(words["it.version"]).toBe("not_tested capability_missing");
      expect(sentences["it.version"]).toBe("it tells no version.");
    },
  );
});
