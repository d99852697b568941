import { describe, expect, it } from "vitest";
import { importCompose } from "./compose.ts";
import { stackSchema } from "./manifest.ts";

const compose = `
services:
  db:
    image: docker.io/library/postgres:15-alpine
    environment: { POSTGRES_USER: app, POSTGRES_DB: quant, POSTGRES_PASSWORD: "\${DB_SECRET:-x}" }
    ports: ["127.0.0.1:15432:5432"]
    volumes: ["pgdata:/var/lib/postgresql/data"]
  cache:
    image: redis:7
    command: redis-server --requirepass \${CACHE_SECRET}
    ports: ["6379:6379"]
  files:
    image: minio/minio
    environment: ["MINIO_ROOT_USER=quant", "MINIO_ROOT_PASSWORD=never-in-a-plan"]
    ports: [{ published: 9000, target: 9000 }]
  backend:
    build: .
    ports: ["8000:8000/tcp"]
    depends_on: { db: { condition: service_healthy }, cache: {}, worker: {} }
  worker:
    image: backend
`;

describe("a stack from a compose file", () => {
  it("has kinds by image, published ports, references, volumes and edges, and is a valid stack", () => {
    const { stack } = importCompose(compose);
    const parsed = stackSchema.parse(stack);
    expect(stack["services"]).toMatchObject({
      db: {
        kind: "postgres",
        url: "postgres://127.0.0.1:15432/quant",
        user: "app",
        password: "${env:DB_SECRET}",
        volumes: ["/var/lib/postgresql/data"],
      },
      cache: { kind: "redis", url: "redis://127.0.0.1:6379", password: "${env:CACHE_SECRET}" },
      files: { kind: "minio", secretKey: "${env:MINIO_ROOT_PASSWORD}" },
      backend: { kind: "http", url: "http://127.0.0.1:8000" },
    });
    expect(parsed.edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
      "backend db",
      "backend cache",
    ]);
  });

  it("keeps listeners, limits of memory, and what may be off", () => {
    const { stack } = importCompose(`
services:
  db:
    image: postgres:15
    environment: { POSTGRES_USER: app }
    ports: ["127.0.0.1:5432:5432"]
    mem_limit: 512m
  cache:
    image: redis:7
    ports: ["0.0.0.0:6379:6379/tcp"]
    profiles: [full]
    deploy: { resources: { limits: { memory: 1.5G } } }
  files:
    image: minio/minio
    ports: [{ published: "9000", target: 9000, host_ip: 127.0.0.1 }]
    mem_limit: "\${MEMORY}"
  api:
    image: api
    ports: ["8000:8000"]
    depends_on: { db: {}, cache: { condition: service_started, required: false } }
`);
    const parsed = stackSchema.parse(stack);
    expect(parsed.services).toMatchObject({
      db: { listeners: ["127.0.0.1:5432"], limits: { memoryBytes: 536_870_912 }, required: true },
      cache: { listeners: ["*:6379"], limits: { memoryBytes: 1_610_612_736 }, required: false },
      files: { listeners: ["127.0.0.1:9000"], limits: {} },
      api: { listeners: ["*:8000"] },
    });
    expect(parsed.edges.map(({ to, required }) => [to, required])).toEqual([
      ["db", true],
      ["cache", false],
    ]);
  });

  it("a variable's default is what it stands for, one without is said to be open", () => {
    const { stack, notes } = importCompose(`
services:
  db:
    image: postgres:15
    environment: { POSTGRES_USER: "\${DB_USER:-app}", POSTGRES_PASSWORD: x }
    ports: ["5432:5432"]
  other:
    image: postgres:15
    environment: { POSTGRES_USER: "\${DB_USER}", POSTGRES_DB: "\${DB_NAME-quant}" }
    ports: ["5433:5432"]
`);
    expect(stack["services"]).toMatchObject({
      db: { url: "postgres://127.0.0.1:5432/app", user: "app" },
      other: { url: "postgres://127.0.0.1:5433/quant", user: "postgres" },
    });
    expect(notes).toEqual([
      "other: POSTGRES_USER is a variable without a default; correct what was taken.",
    ]);
  });

  it("knows further stores and monitors by their images, and says what a kind lacks", () => {
    const { stack, notes } = importCompose(`
services:
  vectors: { image: "qdrant/qdrant:v1.9", ports: ["6333:6333"] }
  graph:
    image: neo4j:5
    environment: ["NEO4J_AUTH=neo4j/never-in-a-plan"]
    ports: ["7474:7474", "7687:7687"]
  watch: { image: "prom/prometheus", ports: ["9091:9090"] }
  calls: { image: "prom/alertmanager:latest", ports: ["9093:9093"] }
  boards: { image: "grafana/grafana-oss:11", ports: ["3000:3000"] }
`);
    expect(stackSchema.parse(stack).services).toMatchObject({
      vectors: { kind: "qdrant", url: "http://127.0.0.1:6333" },
      graph: { kind: "neo4j", url: "http://127.0.0.1:7474", user: "neo4j" },
      watch: { kind: "prometheus", url: "http://127.0.0.1:9091" },
      calls: { kind: "alertmanager" },
      boards: { kind: "http", url: "http://127.0.0.1:3000" },
    });
    expect(JSON.stringify(stack)).not.toContain("never-in-a-plan");
    expect(notes).toEqual(["boards: kind: grafana needs its dashboards, taken for http."]);
  });

  it("never carries a secret of the file", () => {
    expect(JSON.stringify(importCompose(compose))).not.toContain("never-in-a-plan");
  });

  it("says what it could not tell", () => {
    expect(importCompose(compose).notes).toEqual([
      "backend: an image of no known kind, taken for http.",
      "worker: no port of this machine leads to it, so it was left out.",
    ]);
  });

  it("what is no compose file is refused by its code", () => {
    for (const text of ["[1, 2]", "services: 3", "a: [", "x: *nobody"]) {
      expect(() => importCompose(text)).toThrow(
        expect.objectContaining({ code: "LL_STACK_COMPOSE" }),
      );
    }
  });
});
