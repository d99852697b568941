import { describe, expect, it } from "vitest";
import { importCompose } from "./import.ts";
import { stackSchema } from "../manifest.ts";

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

  it("a variable that is passed on without a value is open, in both forms", () => {
    const passed = (environment: string): string => `
services:
  db: { image: "postgres:15", environment: ${environment}, ports: ["5432:5432"] }
`;
    const rows = importCompose(passed("[POSTGRES_USER, POSTGRES_PASSWORD]"));
    expect(rows).toEqual(importCompose(passed("{ POSTGRES_USER: , POSTGRES_PASSWORD: }")));
    expect(rows.stack["services"]).toMatchObject({
      db: {
        url: "postgres://127.0.0.1:5432/postgres",
        user: "postgres",
        password: "${env:POSTGRES_PASSWORD}",
      },
    });
    expect(rows.notes).toEqual([
      "db: POSTGRES_USER is a variable without a default; correct what was taken.",
    ]);
  });

  it("a login in one variable is read behind its default", () => {
    const of = (auth: string): unknown =>
      importCompose(`
services:
  graph: { image: "neo4j:5", environment: { NEO4J_AUTH: "${auth}" }, ports: ["7474:7474"] }
`).stack["services"];
    expect(of("${AUTH:-graph/never-in-a-plan}")).toMatchObject({ graph: { user: "graph" } });
    expect(JSON.stringify(of("${AUTH:-graph/never-in-a-plan}"))).not.toContain("never-in");
    expect(of("${AUTH}")).toMatchObject({ graph: { user: "neo4j" } });
    expect(JSON.stringify(of("${AUTH:-none}"))).not.toContain("user");
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

  it("reads listeners of both forms, of version 6, and behind a variable", () => {
    const { stack, notes } = importCompose(`
services:
  db:
    image: postgres:15
    ports: ["\${BIND:-127.0.0.1}:\${PORT:-15432}:5432", "[::1]:15432:5432"]
  cache:
    image: redis:7
    ports: [{ target: 6379, published: "6379", host_ip: "::1" }]
  graph: { image: "neo4j:5", ports: ["::1:7474:7474", "7687:7687"] }
  api: { image: api, ports: ["\${BIND}:8000:8000"] }
`);
    expect(stackSchema.parse(stack).services).toMatchObject({
      db: {
        url: "postgres://127.0.0.1:15432/postgres",
        listeners: ["127.0.0.1:15432", "[::1]:15432"],
      },
      cache: { url: "redis://[::1]:6379", listeners: ["[::1]:6379"] },
      graph: { url: "http://[::1]:7474", listeners: ["[::1]:7474", "*:7687"] },
      api: { url: "http://127.0.0.1:8000", listeners: [] },
    });
    expect(notes).toContain(
      "api: its port 8000 listens at no address that the file tells (?): left out.",
    );
  });

  it("takes what an anchor and a merge bring along", () => {
    const { stack } = importCompose(`
x-base: &base
  image: postgres:15
  ports: ["127.0.0.1:5432:5432"]
  environment: &env { POSTGRES_USER: app }
services:
  db:
    <<: *base
    environment: { <<: *env, POSTGRES_DB: quant }
`);
    expect(stack["services"]).toMatchObject({
      db: { kind: "postgres", url: "postgres://127.0.0.1:5432/quant", user: "app" },
    });
  });

  it("refers to a secret that is mounted, by what the file says stands behind it", () => {
    const { stack, notes } = importCompose(`
services:
  db:
    image: postgres:15
    ports: ["5432:5432"]
    environment: { POSTGRES_PASSWORD_FILE: /run/secrets/db_pw }
    secrets: [db_pw]
  files:
    image: minio/minio
    ports: ["9000:9000"]
    environment: { MINIO_ROOT_PASSWORD_FILE: /run/secrets/root }
    secrets: [{ source: root, target: root }, tls]
secrets:
  db_pw: { file: ./db.txt }
  root: { environment: ROOT_SECRET }
  tls: { external: true }
`);
    expect(stackSchema.parse(stack).services).toMatchObject({
      db: { password: "${file:./db.txt}" },
      files: { secretKey: "${env:ROOT_SECRET}" },
    });
    expect(notes).toEqual(["files: not read: secrets (tls)."]);
    const open = importCompose(`
services:
  db:
    image: postgres:15
    ports: ["5432:5432"]
    environment: { POSTGRES_PASSWORD_FILE: /run/secrets/db_pw }
    secrets: [db_pw]
secrets:
  db_pw: { file: "\${FOLDER}/db.txt" }
`);
    expect(open.stack["services"]).toMatchObject({ db: { password: "${env:POSTGRES_PASSWORD}" } });
    expect(open.notes).toEqual(["db: not read: secrets (db_pw)."]);
  });

  it("names every key that it does not read, and what puts it in place", () => {
    const { notes } = importCompose(`
include: [other.yaml]
services:
  api:
    image: api
    ports: ["8000:8000"]
    env_file: .env
    extends: { file: base.yaml, service: api }
    unheardOf: 1
    x-own: 1
    healthcheck: { test: "true" }
    container_name: api
  alone: { image: redis:7, network_mode: host, links: [api] }
`);
    expect(notes).toEqual([
      "api: an image of no known kind, taken for http.",
      "api: not read: env_file, extends, unheardOf.",
      "alone: no port of this machine leads to it, so it was left out.",
      "alone: not read: network_mode, links.",
      "include: not read.",
      "`docker compose config` prints one file with extends, env_file and include in place.",
    ]);
  });

  it("a limit of memory says of a Redis what it is, and one that is a variable is left out by name", () => {
    const of = (more: string): readonly string[] =>
      importCompose(`
services:
  cache: { image: "redis:7", ports: ["6379:6379"], ${more} }
`).notes;
    expect(of("mem_limit: 512m")).toEqual([
      "cache: its limit of memory is that of its container; its command sets no --maxmemory, which is asked to be at most that.",
    ]);
    expect(of('mem_limit: 512m, command: "redis-server --maxmemory 400mb"')).toEqual([
      "cache: its limit of memory is that of its container; its maxmemory is to be at most that.",
    ]);
    expect(of('mem_limit: "${MEMORY}"')).toEqual([
      "cache: its limit of memory is a variable without a default: left out.",
    ]);
  });

  it("names of services are those of a manifest, and two that become one are told", () => {
    const { stack, notes } = importCompose(`
services:
  Api.v1: { image: api, ports: ["8000:8000"] }
  api-v1: { image: api, ports: ["8001:8000"] }
  9lives: { image: api, ports: ["8002:8000"] }
`);
    expect(Object.keys(stackSchema.parse(stack).services)).toEqual(["api-v1", "s-9lives"]);
    expect(notes).toContain("api-v1: another service is named api-v1 already, so it was left out.");
  });

  it("a volume without a name keeps its folder", () => {
    const { stack } = importCompose(`
services:
  api:
    image: api
    ports: ["8000:8000"]
    volumes: [/data, "\${D:-./d}:/kept:ro", { type: bind, source: ., target: /own }]
`);
    expect(stack["services"]).toMatchObject({ api: { volumes: ["/data", "/kept", "/own"] } });
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
    for (const text of ["[1, 2]", "services: 3", "a: [", "x: *nobody", "services: { a: 1 }"]) {
      expect(() => importCompose(text)).toThrow(
        expect.objectContaining({ code: "LL_STACK_COMPOSE" }),
      );
    }
  });
});
