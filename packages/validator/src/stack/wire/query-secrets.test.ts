import { describe, expect, it } from "vitest";
import { stackSchema } from "../manifest.ts";
import { readStackSecrets } from "../secrets.ts";
import { mcpService } from "../services/mcp.ts";
import { websocketService } from "../services/websocket.ts";
import { grafanaService } from "../services/grafana.ts";
import { credentialIn, filledUrl, queryReferences, shownUrl } from "./query-secrets.ts";

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
    expect(shownUrl(url, () => "$TOKEN")).toBe("https://it.invalid/mcp?v=2&token=$TOKEN");
    expect(new URL(url).href).toBe(url);
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
  });
});
