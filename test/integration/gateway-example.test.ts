import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { eventually, freePort } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulator, type Simulator } from "../../packages/testkit/src/simulator/index.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { emptyDir, runCli } from "./cli-process.ts";

const main = join(repositoryRoot, "packages/cli/src/main.ts");
const example = readFileSync(join(repositoryRoot, "examples/gateway/loadline.yaml"), "utf8");
const file = "loadline.yaml";

describe("examples/gateway, as docs/guides/gateway.md goes through it", () => {
  const cwd = emptyDir();
  const said = { err: "" };
  let upstreams: Simulator[] = [];
  let gateway: ChildProcess;
  let origin = "";
  let key = "";

  const write = (change: (text: string) => string): void =>
    writeFileSync(join(cwd, file), change(readFileSync(join(cwd, file), "utf8")));
  const heard = (text: string): Promise<unknown> =>
    eventually(systemClock(), () => Promise.resolve(said.err.includes(text)), 60_000);
  const ask = (): Promise<Response> =>
    fetch(`${origin}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "chat", messages: [{ role: "user", content: "Hello" }] }),
    });

  beforeAll(async () => {
    const clock = systemClock();
    const model = "loadline-tiny";
    upstreams = [await startSimulator({ clock, model }), await startSimulator({ clock, model })];
    const [first = "", second = ""] = upstreams.map(({ baseUrl }) => baseUrl);
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const text = example
      .replace("http://127.0.0.1:8001/v1", first)
      .replace("http://127.0.0.1:8002/v1", second)
      .replace("port: 8080", `port: ${port}`);
    expect(text).not.toMatch(/:800[12]\b|8080/);
    writeFileSync(join(cwd, file), text);
    gateway = spawn(process.execPath, [main, "serve", "--config", file], { cwd });
    gateway.stderr?.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
    await heard(`serving ${origin}`);
  });
  afterAll(async () => {
    const ended = once(gateway, "exit");
    gateway.kill("SIGKILL");
    await ended;
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  });

  it("holds as it stands, without a warning", async () => {
    const checked = await runCli(cwd, ["config", "check", "--config", file]);
    expect([checked.code, checked.err]).toEqual([0, ""]);
    expect(checked.out).toBe("the configuration holds: 2 targets, 1 route\n");
    expect(said.err).not.toContain("warning:");
  });

  it("a key made while it serves is good within a second, and none was written to its log", async () => {
    const made = await runCli(cwd, ["keys", "create", "--config", file, "--name", "app", "--json"]);
    key = String((JSON.parse(made.out) as { secret: unknown }).secret);
    await eventually(systemClock(), async () => (await ask()).status === 200, 30_000);
    expect(said.err).toContain("`loadline keys create --name NAME`");
    expect(said.err).not.toMatch(/ll_local_\w{8,}/);
  });

  it("the second upstream takes over when the first is gone", async () => {
    const before = upstreams[1]?.chats ?? 0;
    await upstreams[0]?.close();
    for (let call = 0; call < 3; call += 1) expect((await ask()).status).toBe(200);
    expect((upstreams[1]?.chats ?? 0) - before).toBe(3);
  });

  it("a limit that is saved while it serves holds, and a wrong file changes nothing and is told", async () => {
    write((text) =>
      text.replace("limit: 600, period: 1m, burst: 20", "limit: 2, period: 1h, burst: 2"),
    );
    await heard("reload applied: limits");
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await ask()).status);
    expect(statuses.slice(2)).toEqual([429, 429]);
    write((text) => text.replace("limit: 2, period", "limt: 2, period"));
    await heard("limt: unknown key");
    expect((await ask()).status).toBe(429);
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    write((text) => text.replace("limt: 2,", "limit: 2,"));
  });

  it("metrics answer a key of the role scraper and no other key of the guide", async () => {
    const argv = ["keys", "create", "--config", file, "--name", "prometheus", "--role", "scraper"];
    const made = await runCli(cwd, [...argv, "--json"]);
    const { secret } = JSON.parse(made.out) as { secret: string };
    const read = (bearer: string): Promise<Response> =>
      fetch(`${origin}/metrics`, { headers: { authorization: `Bearer ${bearer}` } });
    await eventually(systemClock(), async () => (await read(secret)).status === 200, 30_000);
    expect(await (await read(secret)).text()).toContain("loadline_config_reloads_total");
    expect((await read(key)).status).toBe(403);
  });
});
