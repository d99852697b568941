import { createServer, type Server } from "node:http";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { freePort } from "../../../testkit/src/free-port.ts";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { afterEach, describe, expect, it } from "vitest";
import { type Ended, runLine } from "../../test/run-line.ts";

const view = {
  target: "local",
  model: "tiny",
  files: [
    { name: "next", path: "/m/next.gguf", state: "ready", role: "serving", since: null },
    { name: "configured", path: "/m/a.gguf", state: "ready", role: "rollback", since: null },
  ],
  rollbackUntil: "2026-01-01T00:00:00.000Z",
  checks: [{ id: "file", outcome: "passed", detail: "as wanted" }],
};

let server: Server | undefined;
afterEach(() => void server?.close());

/** An admin API that answers all calls alike and keeps what it was asked. */
async function answering(status: number, body: unknown) {
  const asked: string[] = [];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece: Buffer) => void (text += piece.toString()));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization} ${text}`);
      response.writeHead(status, { connection: "close" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  return { asked, url };
}

const run = (line: string, env: Record<string, string> = { LOADLINE_API_KEY: "k" }) =>
  runLine(line, { env, clock: systemClock() });

describe("models", () => {
  it("list shows what serves, what a rollback restores and the last five results", async () => {
    const { asked, url } = await answering(200, { data: [view] });
    const { exit, out } = await run(`models list --url ${url}/`);
    expect([exit, asked]).toEqual([0, ["GET /admin/v1/models Bearer k "]]);
    expect(out).toBe(
      "local (tiny), rollback until 2026-01-01T00:00:00.000Z\n" +
        "  serving    ready      next  /m/next.gguf\n" +
        "  rollback   ready      configured  /m/a.gguf\n" +
        "  check file passed: as wanted\n",
    );
  });

  it("swap and rollback act on the target, and --json prints one document", async () => {
    const { asked, url } = await answering(200, view);
    const swapped = await run(`models swap local next --url ${url} --json`);
    expect([swapped.exit, JSON.parse(swapped.out)]).toEqual([0, [view]]);
    await run(`models rollback local --url ${url} --key-env OTHER`, { OTHER: "o" });
    expect(asked).toEqual([
      'POST /admin/v1/models/local/swap Bearer k {"to":"next"}',
      "POST /admin/v1/models/local/rollback Bearer o {}",
    ]);
  });

  it("a refusal keeps the gateway's code, its text and its exit code", async () => {
    const detail = "next was not taken: file failed (cut). Restore the GGUF file.";
    const { url } = await answering(409, { code: "LL_MODEL_DAMAGED", detail });
    const { exit, out, err } = await run(`models swap local next --url ${url}`);
    expect([exit, out]).toEqual([78, ""]);
    expect(err).toMatch(/^LL_MODEL_DAMAGED next was not taken: file failed \(cut\)/);
  });

  it("a key that may not is the caller's to mend, not a failure of Loadline", async () => {
    const { url } = await answering(403, { code: "LL_AUTHZ_DENIED", detail: "no" });
    const { exit, err } = await run(`models list --url ${url}`);
    expect([exit, err]).toEqual([78, expect.stringMatching(/^LL_AUTHZ_DENIED no/)]);
  });

  it.each<[string, (url: string) => Promise<Ended>, number, string]>([
    ["an answer that is no JSON", (url) => run(`models list --url ${url}`), 78, "LL_CLI_ADMIN"],
    ["a name that is no URL", () => run("models list --url nowhere"), 78, "LL_CLI_ADMIN"],
    ["no key", (url) => run(`models list --url ${url}`, {}), 78, "LL_CLI_KEY_MISSING"],
    ["no target", (url) => run(`models swap --url ${url}`), 64, "LL_CLI_ARGUMENT"],
    ["no file", (url) => run(`models swap local --url ${url}`), 64, "LL_CLI_ARGUMENT"],
    ["one too many", (url) => run(`models rollback a b --url ${url}`), 64, "LL_CLI_ARGUMENT"],
    ["another word", (url) => run(`models drop --url ${url}`), 64, "LL_CLI_VALUE"],
  ])("%s is refused", async (_what, act, exit, code) => {
    const { url } = await answering(200, "<html>");
    const ended = await act(url);
    expect([ended.exit, ended.out]).toEqual([exit, ""]);
    expect(ended.err).toContain(code);
  });

  it.each([[{}], [{ data: [1] }], [{ data: [{ target: "a" }] }], [[]]])(
    "a server that answers %j is no admin API",
    async (body) => {
      const { url } = await answering(200, body);
      for (const line of ["models list", "models swap local next"]) {
        const { exit, out, err } = await run(`${line} --url ${url}`);
        expect([exit, out, err]).toEqual([78, "", expect.stringContaining("LL_CLI_ADMIN")]);
      }
    },
  );

  it("an address with a password is refused and not repeated", async () => {
    const { exit, err } = await run("models list --url http://u:hidden@127.0.0.1:1");
    expect([exit, err]).toEqual([64, expect.stringContaining("LL_CLI_VALUE")]);
    expect(err).not.toContain("hidden");
  });

  it("no answer in 15 min is LL_CLI_ADMIN with the reason", async () => {
    const clock = new TestClock();
    server = createServer(() => void setImmediate(() => clock.advance(900_000)));
    const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
    const env = { LOADLINE_API_KEY: "k" };
    const { exit, err } = await runLine(`models list --url ${url}`, { env, clock });
    expect([exit, err]).toEqual([78, expect.stringContaining("no answer in 15 min")]);
    expect(err).toContain("LL_CLI_ADMIN");
  });

  it("nobody there is LL_CLI_ADMIN with the reason", async () => {
    const { exit, err } = await run(`models list --url http://127.0.0.1:${await freePort()}`);
    expect([exit, err]).toEqual([78, expect.stringContaining("ECONNREFUSED")]);
  });
});
