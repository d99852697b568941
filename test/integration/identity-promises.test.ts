import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  drawKey,
  formatKey,
  parseKey,
} from "../../packages/gateway/src/identity/keys/key-format.ts";
import { operator } from "../../packages/gateway/src/index.ts";
import { sampleIn } from "../../packages/gateway/test/answers.ts";
import { eventually } from "../../packages/testkit/src/index.ts";
import { type Ended, runCli } from "./cli-process.ts";
import { Serving } from "./workers/serving.ts";

const clock = systemClock();
const longMs = 60_000;
const yaml = `targets:
  s: {provider: simulator, tokens: 2, latency: 0, tokensPerSecond: 1e6}
routes: {r: {models: [one], groups: [{targets: [s]}]}}
log: {level: debug}
`;

let serving: Serving;
beforeAll(async () => {
  serving = await new Serving().start(yaml, 1);
}, 120_000);
afterAll(() => serving[Symbol.asyncDispose]());

const cli = (...argv: readonly string[]): Promise<Ended> =>
  runCli(serving.dir, [...argv, "--config", serving.file]);

async function statusOf(key: string): Promise<number> {
  const body = { model: "one", messages: [{ role: "user", content: "hi" }] };
  return (await serving.ask("/v1/chat/completions", { key, body })).status;
}

/**
 * Everything below the state directory, by file. Another process copies it: one that has a database
 * open and closes its file once more gives up its locks.
 */
function stored(): [string, Buffer][] {
  const copy = join(serving.dir, "copy");
  execFileSync("cp", ["-r", join(serving.dir, "state"), copy]);
  const entries = readdirSync(copy, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name))]);
}

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
const numberIn = (text: string, name: string): number =>
  Number(new RegExp(`"${name}":(\\d+)`).exec(text)?.[1] ?? Number.NaN);

describe("a key made by `loadline keys create`", () => {
  it("is shown once, is good, and lies nowhere: not in files, as a plain hash, nor in a log [R0-06]", async () => {
    const made = await cli("keys", "create", "--name", "shown-once");
    expect([made.code, made.err]).toEqual([0, expect.not.stringContaining("ll_local_")]);
    const keys = made.out.match(/ll_[a-z0-9]+_\w+/g) ?? [];
    expect(keys).toHaveLength(1);
    const key = keys[0] ?? "";
    const { id = "", secret = "" } = parseKey(key) ?? {};
    expect(await statusOf(key)).toBe(200);
    const wrong = formatKey({ ...drawKey("local", systemRandom()), id });
    expect([await statusOf(wrong), await statusOf(key.slice(0, -1))]).toEqual([401, 401]);
    const told = [await cli("keys", "show", id), await cli("keys", "list", "--json")];
    expect(told.map(({ out }) => [out.includes(id), out.includes(secret)])).toEqual([
      [true, false],
      [true, false],
    ]);
    const files = stored();
    expect(files.some(([, bytes]) => bytes.includes(id))).toBe(true);
    const forms = [secret, sha256(secret), sha256(key)].flatMap((form) =>
      typeof form === "string" ? [form] : [form, form.toString("hex"), form.toString("base64")],
    );
    for (const [name, bytes] of files)
      for (const form of forms) expect([name, bytes.includes(form)]).toEqual([name, false]);
    expect(serving.err).toContain(id);
    expect(serving.err).not.toContain(secret);
  });
});

describe("the first scrape after a start", () => {
  it("has the number of good keys and every counter at 0 already, and the next what happened [R0-08, R0-23]", async () => {
    const { keys } = serving;
    const { id } = await keys.create(operator(), { name: "revoked" });
    await keys.revoke(operator(), id);
    const expiresAt = clock.wallMs() + 1;
    await keys.create(operator(), { name: "expired", expiresAt });
    await eventually(clock, () => clock.wallMs() > expiresAt, longMs);
    const live = (await keys.list(operator())).filter(({ state }) => state === "live");
    expect(live.length).toBeGreaterThan(1);
    serving.send("SIGTERM");
    expect(await serving.ended()).toBe(0);
    await serving.restart(1);
    const first = (await serving.ask("/metrics")).text;
    expect(sampleIn(first, "loadline_active_keys")).toBe(live.length);
    const counters = [...first.matchAll(/^# TYPE (loadline_\w+) counter$/gm)].map(
      ([, name]) => name,
    );
    expect(counters.length).toBeGreaterThan(20);
    const lines = first.split("\n").filter((line) => /^loadline_\w+_total[ {]/.test(line));
    const silent = counters.filter(
      (name) => !lines.some((line) => line.startsWith(`${name}_total`)),
    );
    expect(silent).toEqual([]);
    // The scrape itself came with a key, and the gateway had asked itself.
    const own = /^loadline_(auth_total\{via="key",outcome="ok"|self_probe_total\{result="passed")/;
    expect(lines.filter((line) => !line.endsWith(" 0") && !own.test(line))).toEqual([]);
    expect(await statusOf(serving.key)).toBe(200);
    expect(await statusOf(`${serving.key}x`)).toBe(401);
    const next = (await serving.ask("/metrics")).text;
    const calls = (status: number): number =>
      sampleIn(next, `loadline_requests_total{operation="chat",route="r",status="${status}"}`);
    expect(calls(200)).toBe(1);
    expect(
      sampleIn(next, 'loadline_auth_total{via="key",outcome="refused",code="LL_AUTH_MALFORMED"}'),
    ).toBe(1);
  });
});

describe("a process that is killed", () => {
  it("by SIGKILL starts again with its keys, usage and audit entries as they were; no power is cut", async () => {
    const { secret, id } = await serving.keys.create(operator(), { name: "kept" });
    for (let i = 0; i < 12; i++) expect(await statusOf(secret)).toBe(200);
    const usage = async (): Promise<string> =>
      (await serving.ask(`/admin/v1/usage?by=model&keyId=${id}`)).text;
    const audited = async (): Promise<string> =>
      (await serving.ask(`/admin/v1/audit?action=key.created&limit=100`)).text;
    await eventually(clock, async () => numberIn(await usage(), "requests") === 12, longMs);
    await eventually(clock, async () => (await audited()).includes(id), longMs);
    const before = await audited();
    serving.send("SIGKILL");
    await serving.ended();
    await serving.restart(1);
    expect(await statusOf(secret)).toBe(200);
    // What is lost never comes back; what is there, a store may be late with.
    await eventually(clock, async () => numberIn(await usage(), "requests") >= 12, longMs);
    await eventually(clock, async () => (await audited()) === before, longMs);
    expect((await cli("audit-log", "verify")).code).toBe(2);
  });
});
