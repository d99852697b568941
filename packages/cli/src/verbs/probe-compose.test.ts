import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { emptyDir } from "../../test/bundles.ts";
import { runLine } from "../../test/run-line.ts";

const names = ["db", "cache", "files", "mlflow", "api", "web", "migrate"];

const compose = `
services:
  db: { image: "postgres:15" }
  cache: { image: "redis:7" }
  files: { image: minio/minio }
  mlflow: { image: mlflow }
  api: { build: ., depends_on: { migrate: { condition: service_completed_successfully } } }
  web: { build: ./web }
  migrate: { build: . }
  debug: { image: busybox, profiles: [tools] }
`;

interface Broken {
  /** Service whose health check says unhealthy. */
  readonly sick?: string;
  /** Service whose log ends with an error. */
  readonly loud?: string;
}

/** A folder `shop` with a compose file and an engine that tells of its containers. */
function makeShop({ sick, loud }: Broken = {}): string {
  const cwd = join(emptyDir(), "shop");
  mkdirSync(join(cwd, "logs"), { recursive: true });
  writeFileSync(join(cwd, "compose.yaml"), compose);
  const told = names.map((name) => ({
    Id: name,
    Name: `/shop-${name}-1`,
    State:
      name === "migrate"
        ? { Status: "exited", ExitCode: 0 }
        : { Status: "running", Health: { Status: name === sick ? "unhealthy" : "healthy" } },
    Config: { Labels: { "com.docker.compose.service": name } },
  }));
  writeFileSync(join(cwd, "told.json"), JSON.stringify(told));
  for (const name of names) {
    const line = name === loud ? "FATAL: disk 7 full" : "started";
    writeFileSync(join(cwd, "logs", name), `${line}\n`);
  }
  const lines = [
    "#!/bin/sh",
    'case "$1" in',
    `ps) case "$*" in *project=shop*) printf '%s\\n' ${names.join(" ")} ;; esac ;;`,
    `inspect) cat "${cwd}/told.json" ;;`,
    `logs) cat "${cwd}/logs/$4" ;;`,
    "esac",
  ];
  writeFileSync(join(cwd, "engine"), lines.join("\n"));
  chmodSync(join(cwd, "engine"), 0o755);
  return cwd;
}

const probe = (cwd: string, words = "", env: Readonly<Record<string, string>> = {}) =>
  runLine(`probe compose compose.yaml --engine ${cwd}/engine ${words}`.trim(), {
    cwd,
    env,
    clock: systemClock(),
  });

describe("loadline probe compose", () => {
  it("tells of every service that it is healthy and its log clean, 7 of 7, and is READY [R4-32]", async () => {
    const { out, err, exit } = await probe(makeShop());
    expect(out).toContain("healthy    7 of 7\nlogs clean 7 of 7\n");
    expect(err).toContain("debug: of a profile (tools), so it was left out.");
    expect(exit).toBe(0);
  });

  it("names the service that is not, keeps it in the count, and ends with 1 [R4-32]", async () => {
    const sick = await probe(makeShop({ sick: "api" }));
    expect(sick.out).toMatch(/healthy {4}6 of 7\n {2}api: failed, .*says unhealthy/);
    expect(sick.out).toContain("logs clean 7 of 7");
    expect(sick.exit).toBe(1);
    const loud = await probe(makeShop({ loud: "db" }));
    expect(loud.out).toMatch(/logs clean 6 of 7\n {2}db: failed, .*FATAL: disk # full/);
    expect(loud.exit).toBe(1);
  });

  it("asks for as many containers as the file has: 2 of 3 are not healthy [R4-32]", async () => {
    const cwd = makeShop();
    const scaled = compose.replace("web: { build: ./web }", "web: { build: ./web, scale: 3 }");
    writeFileSync(join(cwd, "compose.yaml"), scaled);
    const { out, exit } = await probe(cwd);
    expect(out).toMatch(/healthy {4}6 of 7\n {2}web: failed, .*1 of 3 containers are in order/);
    expect(exit).toBe(1);
  });

  it("without an engine is NOT PROVEN, every service not tested, none of them healthy [R4-32]", async () => {
    const cwd = makeShop();
    const { out, exit } = await runLine("probe compose compose.yaml --engine /nowhere/docker", {
      cwd,
      clock: systemClock(),
    });
    expect(out).toMatch(/healthy {4}0 of 7\n {2}db: not_tested, .*not on this machine/);
    expect(out).toContain("logs clean 0 of 7");
    expect(out).toContain("NOT_PROVEN");
    expect(exit).toBe(2);
  });

  it("takes the project of its option, of the environment, or of the folder", async () => {
    const cwd = makeShop();
    expect((await probe(cwd, "--project other")).out).toContain("healthy    0 of 7");
    const env = { COMPOSE_PROJECT_NAME: "other" };
    expect((await probe(cwd, "", env)).out).toContain("healthy    0 of 7");
    expect((await probe(cwd, "--project shop", env)).out).toContain("healthy    7 of 7");
  });

  it("with --json prints the verdict alone", async () => {
    const { out } = await probe(makeShop(), "--json");
    const verdict: { outcome: string; claims: { id: string; parts: unknown[] }[] } =
      JSON.parse(out);
    expect(verdict.outcome).toBe("READY");
    expect(verdict.claims.map(({ id, parts }) => [id, parts.length])).toEqual([
      ["stack.compose.healthy", 7],
      ["stack.compose.logs", 7],
    ]);
  });

  it.each([
    ["probe compose", 64, "Give the compose file"],
    ["probe compose gone.yaml", 78, "gone.yaml"],
    ["probe compose engine", 78, "LL_STACK_COMPOSE"],
    ["probe compose compose.yaml --target http://127.0.0.1:9", 64, "leave --target out"],
    ["probe compose compose.yaml --skip stack", 64, "leave --skip out"],
    ["probe compose compose.yaml --profile full", 64, "leave --profile out"],
    ["probe compose compose.yaml --model m", 64, "leave --model out"],
    ["probe compose compose.yaml --project Shop", 78, "project"],
    ["probe composed", 64, 'Did you mean "compose"?'],
    ["probe --target http://127.0.0.1:9 --engine podman", 64, "--engine is of probe compose FILE"],
  ])("%s: exit %i, %s", async (line, exit, said) => {
    const ended = await runLine(line, { cwd: makeShop() });
    expect(ended.err).toContain(said);
    expect(ended.exit).toBe(exit);
  });
});
