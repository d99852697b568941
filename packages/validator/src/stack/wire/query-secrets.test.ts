import { createServer } from "node:http";
import { listenOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { stackSchema } from "../manifest.ts";
import { readStackSecrets } from "../secrets.ts";
import { mcpService } from "../services/mcp.ts";
import { websocketService } from "../services/websocket.ts";
import { grafanaService } from "../services/grafana.ts";
import { postgresService } from "../services/postgres.ts";
import { credentialIn, filledUrl, queryReferences, shownUrl } from "./query-secrets.ts";
import { askWeb } from "./web.ts";

const url = "https://it.invalid/mcp?v=2&token=${env:TOKEN}";

describe("a credential in the query of a service's URL", () => {
  it.each(["token", "api_key", "api-key", "key", "access_token", "X-Amz-Signature", "sig"])(
    "%s is found, written out, and not as a reference",
    (name) => {
      expect(credentialIn(`https://it.invalid/?v=2&${name}=abc`)).toBe(name);
      expect(credentialIn(`https://it.invalid/?v=2&${name}=\${env:K}`)).toBeNull();
      expect(credentialIn(`https://it.invalid/?${name}=`)).toBeNull();
    },
  );

  it.each(["v", "monkey", "tokens", "author", "model"])("%s is none", (name) => {
    expect(credentialIn(`https://it.invalid/?${name}=abc`)).toBeNull();
  });

  it("is filled where it is sent, encoded, and nowhere before the query", () => {
    expect(queryReferences(url)).toEqual(["${env:TOKEN}"]);
    expect(filledUrl(url, () => "a b&c")).toBe("https://it.invalid/mcp?v=2&token=a%20b%26c");
    expect(filledUrl("https://it.invalid/", () => "x")).toBe("https://it.invalid/");
    expect(queryReferences("https://it.invalid/?q=a?&key=${env:K}")).toEqual(["${env:K}"]);
    expect(shownUrl(url, () => "$TOKEN")).toBe("https://it.invalid/mcp?v=2&token=$TOKEN");
    expect(new URL(url).href).toBe(url);
  });

  it("is sent with the service's own URL, whatever its name, and with no path that an answer may have given", async () => {
    const asked: (string | undefined)[] = [];
    await using server = createServer(({ url: target }, response) => {
      asked.push(target);
      response.end();
    });
    const origin = `http://127.0.0.1:${await listenOnLoopback(server)}`;
    const service = { url: `${origin}/mcp?token=\${file:a b}` };
    const context = {
      service,
      secret: (reference?: string) => (reference === "${file:a b}" ? "word" : "another"),
      signal: new AbortController().signal,
      excerpt: (said: string) => said,
    };
    await askWeb(context, { path: "" });
    await askWeb(context, { path: service.url });
    const { curl } = await askWeb(context, { path: "/next?at=${env:OTHER}" });
    const other = "/mcp/next?at=${env:OTHER}";
    expect(asked).toEqual(["/mcp?token=word", "/mcp?token=word", other]);
    expect(curl.at(-1)).toBe(origin + other);
  });

  const problem = (
    schema: { safeParse(value: unknown): { success: boolean; error?: Error | undefined } },
    value: object,
  ): string => schema.safeParse(value).error?.message ?? "taken";

  it("is refused by a plan, with the way to give it", () => {
    const written = "https://it.invalid/mcp?token=abcdefgh";
    expect(problem(mcpService, { kind: "mcp", url: written })).toContain(
      "carries a credential in its query (token); write ${env:NAME} in its place",
    );
    expect(problem(mcpService, { kind: "mcp", url: written })).not.toContain("abcdefgh");
    expect(problem(mcpService, { kind: "mcp", url })).toBe("taken");
    const socket = { kind: "websocket", url: "wss://it.invalid/ws?key=abc" };
    expect(problem(websocketService, socket)).toContain("in its query (key)");
    expect(problem(websocketService, { ...socket, url: "wss://it.invalid/?key=${env:K}" })).toBe(
      "taken",
    );
  });

  it("is read with the other secrets of a stack, and a missing one is named with its place", async () => {
    const stack = stackSchema.parse({ services: { tools: { kind: "mcp", url } } });
    const read = async (env: Record<string, string>) =>
      await readStackSecrets(stack, { env, folder: "." });
    expect([...(await read({ TOKEN: "word" }))]).toEqual([["${env:TOKEN}", "word"]]);
    await expect(read({})).rejects.toMatchObject({
      code: "LL_STACK_SECRET",
      message: "stack.services.tools.url: the variable TOKEN is not set.",
    });
  });

  it("is not read by the other kinds, which say so", () => {
    const grafana = { kind: "grafana", user: "u", password: "${env:P}" };
    expect(
      problem(grafanaService, { ...grafana, url: "http://it.invalid/?key=${env:K}" }),
    ).toContain("fills no ${env:NAME}");
    const database = { kind: "postgres", url: "postgres://it.invalid/db?password=abcdefgh" };
    const said = problem(postgresService, { ...database, user: "u", password: "${env:P}" });
    expect(said).toContain("(password); give it as ${env:NAME} in a key beside the url");
    expect(said).not.toContain("abcdefgh");
  });
});
