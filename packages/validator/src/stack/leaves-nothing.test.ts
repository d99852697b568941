import { createServer, type ServerResponse } from "node:http";
import { freePort } from "../../../testkit/src/free-port.ts";
import { describe, expect, it } from "vitest";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { startMlflowTwin } from "./stubs/mlflow.ts";
import { againstTwin } from "./twin-suite.fixture.ts";
import { listening } from "./stubs/listening.ts";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly text: string;
}

interface Answer {
  readonly status?: number;
  readonly body?: string;
}

/** A service that remembers what it was asked; `null` leaves a request without an answer. */
async function serving(answer: (asked: Asked) => Answer | null) {
  const all: Asked[] = [];
  const held: ServerResponse[] = [];
  const door = await listening(
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const url = new URL(request.url ?? "/", "http://it.invalid");
        const text = Buffer.concat(chunks).toString("latin1");
        const asked = {
          method: request.method ?? "",
          path: url.pathname,
          query: url.searchParams,
          text,
        };
        all.push(asked);
        const made = answer(asked);
        if (made === null) return void held.push(response);
        response.writeHead(made.status ?? 200, { "content-type": "application/json", etag: '"t"' });
        response.end(made.body ?? "{}", "latin1");
      });
    }),
  );
  return {
    url: `http://127.0.0.1:${door.port}`,
    all,
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

type Fault = "an error" | "no answer";
const faults = ["an error", "no answer"] as const;
const broken = (fault: Fault): Answer | null => (fault === "an error" ? { status: 500 } : null);

const run = (it_: object): Promise<StackResult> =>
  runStackPlan({ timeoutMs: 4_000, services: { it: it_ } }, { KEY: "a-key", SECRET: "a-secret" });

/** What the run noted. */
const notesOf = (evidence: string): string =>
  evidence
    .split("\n")
    .filter((line) => line.includes('"kind":"note"'))
    .join("\n");

/** The run as it was logged, and deleted once it was asked for. */
function loggedRun(all: readonly Asked[]): Answer {
  const metrics = all.filter((asked) => asked.path.endsWith("log-metric"));
  const value = /"value":([\d.]+)/.exec(metrics[0]?.text ?? "")?.[1] ?? "0";
  const stage = all.some((asked) => asked.path.endsWith("runs/delete"));
  const info = `"lifecycle_stage":"${stage ? "deleted" : "active"}","artifact_uri":"m:/7"`;
  return { body: `{"run":{"info":{${info}},"data":{"metrics":[{"value":${value}}]}}}` };
}

// At once: one that meets no answer waits for its whole time, twice.
describe.concurrent.each(faults)("a check that meets %s takes back what it wrote", (fault) => {
  /** An object store that keeps what it is sent and does not give it back. */
  function store() {
    const keys = new Set<string>();
    const uploads = new Set<string>();
    const answer = ({ method, path, query }: Asked): Answer | null => {
      const isBucket = path === "/data" || path === "/";
      if (method === "GET" && isBucket) return { body: "<ListBucketResult/><Error></Error>" };
      if (method === "POST" && query.has("uploads")) {
        uploads.add("u1");
        return { body: "<R><UploadId>u1</UploadId></R>" };
      }
      if (method === "DELETE" && query.has("uploadId")) uploads.delete(query.get("uploadId") ?? "");
      else if (method === "DELETE") keys.delete(path);
      if (method === "PUT" && query.has("partNumber")) return broken(fault);
      if (method === "PUT") keys.add(path);
      return method === "GET" ? broken(fault) : {};
    };
    return { keys, uploads, answer };
  }
  const s3 = { kind: "s3", bucket: "data", accessKey: "${env:KEY}", secretKey: "${env:SECRET}" };

  it("into an object store", async () => {
    const { keys, answer } = store();
    await using served = await serving(answer);
    const { words } = await run({ ...s3, url: served.url });
    expect(words["it.read_back"]).toBe("failed false");
    expect(served.all.some(({ method, path }) => method === "PUT" && path.includes("read"))).toBe(
      true,
    );
    expect([...keys]).toEqual([]);
  });

  it("into an upload in parts", async () => {
    const { uploads, answer } = store();
    let isFirst = true;
    await using served = await serving((asked) => {
      // What is put and got before the upload is as it is to be.
      if (asked.method === "GET" && asked.path.includes("read") && isFirst) {
        isFirst = false;
        const put = served.all.find(({ method, path }) => method === "PUT" && path === asked.path);
        return { body: put?.text ?? "" };
      }
      if (asked.method === "GET" && asked.path.includes("read")) return { status: 404 };
      return answer(asked);
    });
    const { words } = await run({ ...s3, url: served.url });
    expect(words["it.multipart"]).not.toBe("passed");
    expect([...uploads]).toEqual([]);
  });

  it("into Qdrant", async () => {
    const names = new Set<string>();
    await using served = await serving(({ method, path }) => {
      if (path === "/") return { body: '{"title":"qdrant","version":"1.12.0"}' };
      const name = path.split("/")[2] ?? "";
      if (method === "PUT") names.add(name);
      if (method === "DELETE") names.delete(name);
      return method === "POST" ? broken(fault) : { body: '{"result":true}' };
    });
    const { words } = await run({ kind: "qdrant", url: served.url });
    expect(words["it.read_back"]).toBe("failed false");
    expect(served.all.some(({ method }) => method === "POST")).toBe(true);
    expect([...names]).toEqual([]);
  });

  it("into MLflow", async () => {
    const open = new Set<string>();
    await using served = await serving(({ method, path }) => {
      if (path === "/health") return { body: "OK" };
      if (path === "/version") return { body: "3.1.0" };
      if (path.endsWith("experiments/create")) {
        open.add("7");
        return { body: '{"experiment_id":"7"}' };
      }
      if (path.endsWith("experiments/delete")) open.delete("7");
      if (path.endsWith("registered-models/create")) open.add("model");
      if (path.endsWith("registered-models/delete") && method === "DELETE") open.delete("model");
      if (/runs\/create|registered-models\/get/.test(path)) return broken(fault);
      return { body: '{"experiments":[]}' };
    });
    const { words } = await run({ kind: "mlflow", url: served.url, registry: true });
    expect(words["it.run"]).toBe("failed false");
    expect(words["it.registry"]).toBe("failed false");
    expect([...open]).toEqual([]);
  });

  it("into MLflow's registry, a model whose version is not made", async () => {
    const models = new Set<string>();
    await using served = await serving(({ method, path, query }) => {
      if (path === "/health") return { body: "OK" };
      if (path === "/version") return { body: "3.1.0" };
      const route = path.slice("/api/2.0/mlflow/".length);
      if (route === "experiments/create") return { body: '{"experiment_id":"7"}' };
      if (route === "runs/create") return { body: '{"run":{"info":{"run_id":"r"}}}' };
      if (route === "runs/get") return loggedRun(served.all);
      if (route === "registered-models/create") models.add("one");
      if (route === "registered-models/delete" && method === "DELETE") models.delete("one");
      if (route === "registered-models/get") {
        const name = query.get("name") ?? "";
        return models.size > 0
          ? { body: JSON.stringify({ registered_model: { name } }) }
          : { status: 404 };
      }
      return route === "model-versions/create" ? broken(fault) : {};
    });
    const { words } = await run({ kind: "mlflow", url: served.url, registry: true });
    expect(words["it.model_version"]).toBe("failed false");
    expect(served.all.some(({ path }) => path.endsWith("model-versions/create"))).toBe(true);
    expect([...models]).toEqual([]);
  });

  it("into Neo4j", async () => {
    let nodes = 0;
    await using served = await serving(({ path, text }) => {
      if (path === "/") return { body: '{"neo4j_version":"5.26.0"}' };
      if (text.includes("CREATE")) nodes++;
      if (text.includes("DELETE")) nodes = 0;
      if (text.includes("count(n)")) return broken(fault);
      return { status: 202, body: '{"data":{"values":[[1]]}}' };
    });
    const { words } = await run({ kind: "neo4j", url: served.url, user: "app" });
    expect(words["it.read_back"]).toBe("failed false");
    expect(nodes).toBe(0);
  });

  it("into a store of documents", async () => {
    const ids = new Set<string>();
    await using served = await serving(({ method, path, text }) => {
      if (method === "DELETE") ids.delete(path.split("/").at(-1) ?? "");
      if (path.endsWith("/documents")) ids.add(/"id":"([^"]+)"/.exec(text)?.[1] ?? "");
      return path.endsWith("/query") ? broken(fault) : {};
    });
    const { words } = await run({ kind: "rag", url: served.url });
    expect(words["it.read_back"]).toBe("failed false");
    expect(ids.size).toBe(0);
  });

  it("into Alertmanager, its silence first made longer than every alert", async () => {
    const silences = new Map<string, number>();
    const alerts = new Map<string, number>();
    let alertEnds = 0;
    await using served = await serving(({ method, path, text }) => {
      const endsAt = Date.parse(/"endsAt":"([^"]+)"/.exec(text)?.[1] ?? "");
      if (path === "/api/v2/status") {
        return { body: '{"cluster":{"status":"ready"},"versionInfo":{"version":"0.27.0"}}' };
      }
      if (path === "/api/v2/silences") {
        silences.set("s", endsAt);
        return { body: '{"silenceID":"s"}' };
      }
      if (method === "DELETE") {
        expect([...alerts.values()].every((at) => at <= Date.now())).toBe(true);
        silences.delete("s");
      }
      if (path.startsWith("/api/v2/silence/")) return { body: '{"status":{"state":"active"}}' };
      if (method === "GET") return broken(fault);
      expect(silences.get("s")).toBeGreaterThan(endsAt);
      alertEnds = Math.max(alertEnds, endsAt);
      alerts.set("one", endsAt);
      return {};
    });
    const routes = [{ labels: { severity: "page" }, receiver: "pager" }];
    const { words } = await run({ kind: "alertmanager", url: served.url, routes });
    expect(words["it.routes"]).toBe("failed false");
    expect(alertEnds).toBeGreaterThan(Date.now());
    expect(alerts.get("one")).toBeLessThanOrEqual(Date.now());
    expect(silences.size).toBe(0);
  });
});

describe("what cannot be taken back", () => {
  it("is noted by its name, and the first fault is the one that is told", async () => {
    await using served = await serving(({ method, path }) => {
      if (path === "/") return { body: '{"title":"qdrant","version":"1.12.0"}' };
      if (method === "DELETE") return { status: 403 };
      return method === "POST" ? { status: 500, body: "disk full" } : { body: '{"result":true}' };
    });
    const { sentences, evidence } = await run({ kind: "qdrant", url: served.url });
    expect(sentences["it.read_back"]).toContain("500");
    expect(notesOf(evidence)).toMatch(/"left":"collection loadline_/);
    expect(notesOf(evidence)).toContain("answered 403");
  });

  it("of a store of documents is noted, after a fault and at the end", async () => {
    await using served = await serving(({ method, path }) => {
      if (method === "DELETE") return { status: 403 };
      return path.endsWith("/query") ? { status: 500 } : {};
    });
    const { evidence } = await run({ kind: "rag", url: served.url });
    expect(notesOf(evidence)).toMatch(/"left":"loadline_\w+_read".*answered 403/);
  });

  it("of MLflow is noted: artifacts and models, and a file that came back equal is no fault", async () => {
    const rules = [
      { when: "DELETE /api/2.0/mlflow-artifacts/", status: 403, reply: "{}" },
      { when: "DELETE /api/2.0/mlflow/registered-models/", status: 403, reply: "{}" },
    ];
    const { words, evidence } = await againstTwin(startMlflowTwin, rules);
    expect(words["it.artifact"]).toBe("passed");
    expect(words["it.registry"]).toBe("failed false");
    expect(notesOf(evidence)).toMatch(/"left":"api[^"]+loadline.bin".*answered 403/);
    expect(notesOf(evidence)).toMatch(/"left":"model loadline_[^"]+_model".*answered 403/);
  });

  it("of an upload in parts is noted", async () => {
    const sent = new Map<string, string>();
    await using served = await serving(({ method, path, query, text }) => {
      if (path === "/data" || path === "/") return { body: "<ListBucketResult/><Error></Error>" };
      if (query.has("uploads")) return { body: "<R><UploadId>u1</UploadId></R>" };
      if (query.has("partNumber")) return { status: 500 };
      if (query.has("uploadId")) return { status: 403 };
      if (method === "PUT") sent.set(path, text);
      if (method === "DELETE") sent.delete(path);
      const body = sent.get(path);
      return method === "GET" ? (body === undefined ? { status: 404 } : { body }) : {};
    });
    const keys = { accessKey: "${env:KEY}", secretKey: "${env:SECRET}" };
    const { evidence } = await run({ kind: "s3", url: served.url, bucket: "data", ...keys });
    expect(notesOf(evidence)).toContain("uploadId answered 403");
  });

  it("of an alert that nobody delivers is ended all the same", async () => {
    const ends: number[] = [];
    await using served = await serving(({ method, text }) => {
      if (method === "POST") ends.push(Date.parse(/"endsAt":"([^"]+)"/.exec(text)?.[1] ?? ""));
      return { body: '{"cluster":{"status":"ready"},"versionInfo":{"version":"0.27.0"}}' };
    });
    const sink = { listen: `127.0.0.1:${await freePort()}`, labels: { severity: "page" } };
    const { words } = await run({ kind: "alertmanager", url: served.url, sink });
    expect(words["it.delivery"]).toBe("failed false");
    expect(ends).toHaveLength(2);
    expect(ends[1]).toBeLessThanOrEqual(Date.now());
  });

  it("a collection that is still there after its end is a failure", async () => {
    let mark = "";
    await using served = await serving(({ method, path, text }) => {
      if (path === "/") return { body: '{"title":"qdrant","version":"1.12.0"}' };
      mark = /"mark":"([^"]+_1)"/.exec(text)?.[1] ?? mark;
      const points = [{ id: 1, payload: { mark } }];
      return { body: JSON.stringify({ result: method === "POST" ? { points } : true }) };
    });
    const { words, sentences } = await run({ kind: "qdrant", url: served.url });
    expect(words["it.read_back"]).toBe("failed false");
    expect(sentences["it.read_back"]).toContain("its collection was still there");
  });
});
