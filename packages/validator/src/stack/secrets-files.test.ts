import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { having, runStackPlan, type StackResult } from "./stack.fixture.ts";
import { makeFolder } from "./stubs/folder.ts";
import { startSecretsTwin } from "./stubs/secrets.ts";
import { startWebStub } from "./stubs/web.ts";
import { againstTwin } from "./twin-suite.fixture.ts";
import { filesUnder } from "./wire/files-under.ts";
import { secretsIn } from "./wire/secret-formats.ts";

const key = "AKIAQQQQQQQQQQQQQQQQ";

async function search(
  files: Readonly<Record<string, string>>,
  more: (path: string) => void = () => undefined,
): Promise<StackResult> {
  await using folder = await makeFolder(files);
  more(folder.path);
  const it_ = { kind: "secrets", files: [folder.path] };
  return await runStackPlan({ timeoutMs: 20_000, services: { it: it_ } });
}

describe("a secret in a file is found [R1-26]", () => {
  it("before the last 16 MiB of it, and at its own line", async () => {
    const calm = "all is calm and nothing is to be seen here\n".repeat(400_000);
    expect(calm.length).toBeGreaterThan(16 * 1024 * 1024);
    const { words, sentences } = await search({ "app.log": `one\nkey: ${key}\n${calm}` });
    expect(words["it.files"]).toBe("failed false");
    expect(sentences["it.files"]).toContain("app.log:2 AWS access key");
  });

  it("behind a link to a file, as a ConfigMap is mounted", async () => {
    const files = { "..2026/app.yaml": "calm: yes\n" };
    await using outside = await makeFolder({ "real.yaml": `key: ${key}\n` });
    const { words } = await search(files, (path) => {
      symlinkSync(join(outside.path, "real.yaml"), join(path, "app.yaml"));
    });
    expect(words["it.files"]).toBe("failed false");
  });

  it("behind a link to a folder", async () => {
    await using outside = await makeFolder({ "deep/real.yaml": `key: ${key}\n` });
    const { words } = await search({ "calm.yaml": "a: 1\n" }, (path) => {
      symlinkSync(outside.path, join(path, "more"));
    });
    expect(words["it.files"]).toBe("failed false");
  });

  it("in a line of JSON longer than what a pattern is given at once", () => {
    const line = `{"a":"${"x ".repeat(12_000)}","key":"${key}"}`;
    expect(secretsIn([line], new Map())).toMatchObject([{ kind: "AWS access key", line: 1 }]);
  });

  it("behind a word that stands for none, in the same line", () => {
    for (const line of [
      '{"password":"null","api_key":"Abc123secret"}',
      "postgres://a:example@one postgres://b:Abc123secret@two",
      '{"password":"redacted","api_key":"masked","secret":"Abc123secret"}',
    ]) {
      expect(secretsIn([line], new Map()), line).toMatchObject([{ line: 1, characters: 12 }]);
    }
    expect(secretsIn(['{"password":"redacted","api_key":"masked"}'], new Map())).toEqual([]);
  });

  it("where a long line is cut for the patterns", () => {
    for (const before of [9_480, 9_490, 9_495, 9_500, 9_990, 9_995, 10_000]) {
      const line = `${" ".repeat(before)}${key}${" ".repeat(20_000)}`;
      expect(secretsIn([line], new Map()), String(before)).toHaveLength(1);
    }
  });
});

describe("files that are not looked at are told", () => {
  it("folders deeper than are walked are a failure, never passed over", async () => {
    const deep = `${"d/".repeat(10)}app.yaml`;
    const { words, sentences } = await search({ [deep]: `key: ${key}\n`, "calm.yaml": "a: 1\n" });
    expect(words["it.files"]).toBe("failed false");
    expect(sentences["it.files"]).toContain("deeper than 8 folders");
  });

  it("a folder without a file is not clean", async () => {
    await using folder = await makeFolder({ ".git/config": "[core]\n" });
    const it_ = { kind: "secrets", files: [folder.path] };
    const { words, sentences } = await runStackPlan({ services: { it: it_ } });
    expect(words["it.files"]).toBe("failed false");
    expect(sentences["it.files"]).toContain("0 lines of 0 files");
  });

  it("an environment without a variable shows nothing, so nothing is passed", async () => {
    await using folder = await makeFolder({ "77/environ": "" });
    const it_ = { kind: "secrets", pids: [77], procRoot: folder.path };
    const { words, sentences } = await runStackPlan({ services: { it: it_ } });
    expect(words["it.environment"]).toBe("not_tested capability_missing");
    expect(sentences["it.environment"]).toContain("77");
  });
});

describe("a walk through folders", () => {
  it("ends where links lead round, with every file once", async () => {
    await using folder = await makeFolder({ "a/one.txt": "1", "two.txt": "2" });
    symlinkSync(folder.path, join(folder.path, "a/up"));
    symlinkSync(join(folder.path, "two.txt"), join(folder.path, "a/two-again.txt"));
    symlinkSync(join(folder.path, "gone"), join(folder.path, "dangling"));
    const names = (await filesUnder(folder.path)).map((path) => path.slice(folder.path.length + 1));
    expect(names).toEqual(["a/one.txt", "a/two-again.txt"]);
  });

  it("passes over no link that cannot be followed for another reason than that nothing is there", async () => {
    await using folder = await makeFolder({ "a.txt": "x" });
    symlinkSync("round", join(folder.path, "round"));
    await expect(filesUnder(folder.path)).rejects.toThrow(/cannot be read \(ELOOP\)/);
  });

  it("passes over version control and installed packages", async () => {
    await using folder = await makeFolder({
      ".git/config": "x",
      "node_modules/a/index.js": "x",
      "src/a.ts": "x",
    });
    expect(await filesUnder(folder.path)).toEqual([join(folder.path, "src/a.ts")]);
  });

  it("of one file is that file, and of nothing a fault with its code", async () => {
    await using folder = await makeFolder({ "a.txt": "x" });
    expect(await filesUnder(join(folder.path, "a.txt"))).toEqual([join(folder.path, "a.txt")]);
    await expect(filesUnder(join(folder.path, "b.txt"))).rejects.toThrow(
      /cannot be read \(ENOENT\)/,
    );
  });
});

describe("a door at which makers' logins are tried", () => {
  const door = (status: number) => [{ when: "GET /login admin:password", status, reply: "" }];

  it.each([500, 503, 404, 302])("that answers %i has refused nobody", async (status) => {
    const { words, sentences } = await againstTwin(startSecretsTwin, door(status));
    expect(words["it.logins"]).toBe("failed false");
    expect(sentences["it.logins"]).toContain(`It answers ${status} to admin`);
  });

  it.each([401, 403])("that answers %i has refused", async (status) => {
    const { words } = await againstTwin(startSecretsTwin, door(status));
    expect(words["it.logins"]).toBe("passed");
  });

  it("that lets nobody try any more shows nothing of the others", async () => {
    const { words, sentences } = await againstTwin(startSecretsTwin, door(429));
    expect(words["it.logins"]).toBe("not_tested capability_missing");
    expect(sentences["it.logins"]).toContain("429");
  });

  it("is tried with a public login, and the command carries no other", async () => {
    await using stub = await startWebStub(
      [],
      [
        {
          when: "GET /login",
          answer: ({ headers }) => ({
            status: headers.authorization === undefined ? 401 : 200,
            reply: "welcome",
          }),
        },
      ],
    );
    const it_ = { kind: "secrets", logins: [{ url: `${stub.url}/login` }] };
    const result = await runStackPlan({ services: { it: it_ } });
    expect(having(result, "failed")).toEqual(["it.logins"]);
    expect(result.evidence).toContain('"-u","admin:admin"');
  });
});
