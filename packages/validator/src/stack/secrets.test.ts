import { describe, expect, it } from "vitest";
import { startSecretsTwin } from "./stubs/secrets.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";
import { secretsIn } from "./wire/secret-formats.ts";

twinSuite("secrets", startSecretsTwin);

const kinds = (text: string): string[] => secretsIn([text], new Map()).map(({ kind }) => kind);

describe("the formats of secrets", () => {
  // Put together here, so that no line of this file is one.
  it.each([
    ["AWS access key", `id=AKIA${"Q".repeat(16)}`],
    ["GitHub token", `ghp_${"a1".repeat(18)}`],
    ["Anthropic key", `sk-ant-${"a1".repeat(20)}`],
    ["OpenAI key", `sk-proj-${"a1".repeat(20)}`],
    ["private key", `-----BEGIN RSA ${"PRIVATE"} KEY-----`],
    ["password in a URL", `postgres://app:${"hunter22"}@db/app`],
    ["assigned secret", `db_password = ${"hunter2222"}`],
    ["JSON web token", `eyJ${"a".repeat(12)}.eyJ${"b".repeat(12)}.${"c".repeat(12)}`],
  ])("%s is found by its kind [R1-26]", (kind, text) => {
    expect(kinds(text)).toEqual([kind]);
  });

  it.each([
    "password: ${env:DB_PASSWORD}",
    "password: changeit",
    "postgres://app@db/app",
    "postgres://app:$PASSWORD@db/app",
    "the password was refused",
    "api_key: <your key>",
    "secret: ********",
  ])("a reference or a placeholder is none: %s", (text) => {
    expect(kinds(text)).toEqual([]);
  });
});

describe("a secret that was found", () => {
  it("is told by file, line, kind and length, and its value reaches no evidence", async () => {
    const value = `AKIA${"Z".repeat(16)}`;
    const rules = [{ when: "app.yaml", reply: `key: ${value}` }];
    const { evidence, sentences } = await againstTwin(startSecretsTwin, rules);
    expect(sentences["it.files"]).toContain("app.yaml:3 AWS access key (20 characters)");
    expect(evidence).not.toContain(value);
  });

  it("as an open door is told without any login", async () => {
    const rules = [{ when: "GET /login ", reply: "welcome" }];
    const { words, sentences } = await againstTwin(startSecretsTwin, rules);
    expect(words["it.logins"]).toBe("failed false");
    expect(sentences["it.logins"]).toContain("without any login");
  });
});
