import { createServer, type ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
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
        response.end(made.body ?? "{}");
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

const run = (it_: object, more: object = {}): Promise<StackResult> =>
  runStackPlan(
    { timeoutMs: 700, services: { it: it_ }, ...more },
    { KEY: "a-key", SECRET: "a-secret" },
  );

describe.each(faults)("a check that meets %s takes back what it wrote", (fault) => {
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
    const notes = evidence.split("\n").filter((line) => line.includes('"kind":"note"'));
    expect(notes.join("\n")).toMatch(/"left":"collection loadline_/);
    expect(notes.join("\n")).toContain("answered 403");
  });

  it("of an alert that nobody delivers is ended all the same", async () => {
    const ends: number[] = [];
    await using served = await serving(({ method, text }) => {
      if (method === "POST") ends.push(Date.parse(/"endsAt":"([^"]+)"/.exec(text)?.[1] ?? ""));
      return { body: '{"cluster":{"status":"ready"},"versionInfo":{"version":"0.27.0"}}' };
    });
    const free = await listening(createServer());
    await free[Symbol.asyncDispose]();
    const sink = { listen: `127.0.0.1:${free.port}`, labels: { severity: "page" } };
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
