import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { runCli } from "../run.ts";

let cwd = "";
const clock = new TestClock();

beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), "loadline-cli-id-"))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** Runs a command line; its exit code and what it printed. */
async function run(line: string, env: Record<string, string> = {}) {
  const host = createTestHost(line.split(" "), { cwd, env, clock });
  const exit = await runCli(host);
  return { exit, out: host.out(), err: host.err() };
}

async function json(line: string): Promise<Record<string, unknown>> {
  const { exit, out, err } = await run(`${line} --json`);
  expect([exit, err]).toEqual([0, ""]);
  const value: unknown = JSON.parse(out);
  return typeof value === "object" && value !== null ? { ...value } : {};
}

describe("keys", () => {
  it("create shows the secret once; list and show never do; check tells good from revoked", async () => {
    const made = await json("keys create --name ci");
    const { secret, id } = made;
    expect(secret).toMatch(/^ll_local_/);
    const part = String(secret).split("_")[3] ?? "none";
    for (const line of ["keys list", `keys show ${String(id)}`]) {
      const { out } = await run(line);
      expect(out).toContain(String(id));
      expect(out).not.toContain(part);
    }
    const env = { LOADLINE_API_KEY: String(secret) };
    expect(await run("keys check", env)).toMatchObject({
      exit: 0,
      out: `good: key ${String(id)}\n`,
    });
    await run(`keys revoke ${String(id)} --reason leaked`);
    const refused = await run("keys check", env);
    expect([refused.exit, refused.out]).toEqual([1, "refused: LL_AUTH_REVOKED\n"]);
    expect((await run(`keys show ${String(id)}`)).out).toContain("leaked");
  });

  it("every attribute is taken and shown", async () => {
    const { id } = await json(
      "keys create --name all --env prod --role editor --models a,b --routes r --ips 10.0.0.0/8 " +
        "--budget b1 --rate gold --expires 30d --not-before 1h",
    );
    expect(await json(`keys show ${String(id)}`)).toMatchObject({
      env: "prod",
      state: "not_yet",
      roles: ["editor"],
      models: ["a", "b"],
      routes: ["r"],
      ips: ["10.0.0.0/8"],
      budgetId: "b1",
      rateId: "gold",
      expiresAt: "2026-01-31T00:00:00.000Z",
      notBefore: "2026-01-01T01:00:00.000Z",
    });
  });

  it("rotate keeps the old secret for its overlap and refuses a third without --force", async () => {
    const first = await json("keys create --name a");
    const id = String(first["id"]);
    const second = await json(`keys rotate ${id} --overlap 2h`);
    for (const { secret } of [first, second])
      expect((await run("keys check", { LOADLINE_API_KEY: String(secret) })).exit).toBe(0);
    const third = await run(`keys rotate ${id}`);
    expect([third.exit, third.err]).toEqual([64, expect.stringContaining("LL_KEY_OVERLAP_ACTIVE")]);
    expect((await run(`keys rotate ${id} --force`)).exit).toBe(0);
    const old = await run("keys check", { LOADLINE_API_KEY: String(second["secret"]) });
    expect(old.exit).toBe(0);
    const oldest = await run("keys check", { LOADLINE_API_KEY: String(first["secret"]) });
    expect(oldest.exit).toBe(1);
  });

  it("a key for a user never holds more than the user", async () => {
    const user = await json("users create ann --role viewer");
    const line = `keys create --name k --owner ${String(user["id"])} --role`;
    const over = await run(`${line} admin`);
    expect([over.exit, over.err]).toEqual([78, expect.stringContaining("LL_KEY_GRANT_EXCEEDS")]);
    expect((await run(`${line} viewer`)).exit).toBe(0);
  });

  it.each([
    ["keys show", 64, "LL_CLI_ARGUMENT"],
    ["keys show none", 64, "LL_KEY_UNKNOWN"],
    ["keys create --expires soon", 64, "LL_CLI_VALUE"],
    ["keys create --role root", 64, "LL_KEY_FIELD"],
    ["keys create --ips 1.2.3", 64, "LL_KEY_FIELD"],
    ["keys check", 78, "LL_CLI_KEY_MISSING"],
    ["users show none", 64, "LL_USER_UNKNOWN"],
    ["users create", 64, "LL_CLI_ARGUMENT"],
    ["roles grant usr_x", 64, "LL_CLI_ARGUMENT"],
    ["roles grant usr_x --role editor", 64, "LL_USER_UNKNOWN"],
  ])("%s exits %i with %s", async (line, exit, code) => {
    const result = await run(line);
    expect([result.exit, result.err]).toEqual([exit, expect.stringContaining(code)]);
    expect(result.out).toBe("");
  });
});

describe("secrets status", () => {
  it("counts secrets by pepper; one that is not given is named, with exit 1", async () => {
    await json("keys create --name old");
    expect(await run("secrets status")).toMatchObject({
      exit: 0,
      out: "pepper 1  1 secret, current\n",
    });
    const pepper = join(cwd, "pepper");
    writeFileSync(pepper, "p".repeat(32));
    const yaml = `stateDir: ${join(cwd, ".loadline")}\nauth: {peppers: {2: "\${file:${pepper}}"}}\n`;
    writeFileSync(join(cwd, "l.yaml"), yaml);
    await json("keys create --name new --config l.yaml");
    await json("keys create --name newer --config l.yaml");
    const both = "pepper 1  1 secret\npepper 2  2 secrets, current\n";
    expect(await run("secrets status --config l.yaml")).toMatchObject({ exit: 0, out: both });
    const lacking =
      "pepper 1  1 secret, current\npepper 2  2 secrets, refused: auth.peppers lacks it\n";
    expect(await run("secrets status")).toMatchObject({ exit: 1, out: lacking });
    const { out } = await run("secrets status --json");
    expect(JSON.parse(out)).toEqual([
      { version: 1, isCurrent: true, isGiven: true, secrets: 1 },
      { version: 2, isCurrent: false, isGiven: false, secrets: 2 },
    ]);
  });
});

describe("users and roles", () => {
  it("users persist, are disabled and enabled again", async () => {
    const user = await json("users create ann --role editor,viewer --label Ann");
    const id = String(user["id"]);
    expect((await run("users list")).out).toContain(`${id}  live`);
    expect(await json(`users disable ${id}`)).toMatchObject({ state: "disabled" });
    expect(await json(`users show ${id}`)).toMatchObject({ label: "Ann", state: "disabled" });
    expect(await json(`users enable ${id}`)).toMatchObject({ state: "live" });
    const again = await run("users create ann");
    expect([again.exit, again.err]).toEqual([64, expect.stringContaining("LL_USER_EXISTS")]);
  });

  it("roles and custom grants are given with a reason and taken", async () => {
    const id = String((await json("users create ann"))["id"]);
    expect(await json(`roles grant ${id} --role editor`)).toMatchObject({ roles: ["editor"] });
    const noReason = await run(`roles grant ${id} --permission audit:read`);
    expect([noReason.exit, noReason.err]).toEqual([64, expect.stringContaining("--reason")]);
    const line = `roles grant ${id} --permission audit:read --reason duty --expires 8h`;
    const grant = await json(line);
    expect(grant).toMatchObject({
      permission: "audit:read",
      expiresAt: "2026-01-01T08:00:00.000Z",
    });
    expect((await run(`roles list ${id}`)).out).toContain("audit:read until");
    expect((await run(`roles revoke ${id} --grant ${String(grant["id"])}`)).exit).toBe(0);
    expect((await run(`roles list ${id}`)).out).toBe("no grants\n");
    expect(await json(`roles revoke ${id} --role editor`)).toMatchObject({ roles: [] });
  });

  it("the matrix needs no store and shows viewer below editor below admin", async () => {
    const { exit, out } = await run("roles matrix");
    expect(exit).toBe(0);
    expect(out).toMatch(/^inference:call +x +x +x/m);
    expect(out).toMatch(/^models:read +x +x +x +x/m);
  });
});
