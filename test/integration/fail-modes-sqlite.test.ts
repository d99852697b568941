import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { type FailModeSubject, startSubject } from "./fail-modes/subject.ts";
import { notTested } from "./machine.ts";

const clock = systemClock();
const soonMs = 30_000;
const isMissing = spawnSync("prlimit", ["--version"]).status !== 0;
if (isMissing) notTested("fail mode of SQLite", "prlimit of util-linux is not there");

/** From now on each write to a file beyond so many bytes fails, as on a disk that is bad or full. */
function limitFiles(pid: number, bytes: number | "unlimited"): void {
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
  if (status !== 0) throw new Error(stderr.toString());
}

/** The component of the store as /health shows it, and the answer's status. */
async function sqlOf(url: string): Promise<readonly [number, unknown]> {
  const answer = await fetch(`${url}/health`);
  const body: unknown = await answer.json();
  const components = isRecord(body) ? body["components"] : undefined;
  return [answer.status, isRecord(components) ? components["sql"] : undefined];
}

/** Ways in which SQLite keeps nothing; each gives what ends it. */
const modes: Readonly<Record<string, (subject: FailModeSubject) => () => void>> = {
  "on a disk that takes nothing"({ pid }) {
    limitFiles(pid, 0);
    return () => limitFiles(pid, "unlimited");
  },
  "held by another process"({ stateDir }) {
    const other = new DatabaseSync(join(stateDir, "loadline.db"));
    other.exec("BEGIN IMMEDIATE");
    return () => other.close();
  },
};

describe.skipIf(isMissing)("SQLite, which the gateway cannot do without", () => {
  it.each(Object.entries(modes))(
    "%s: models are refused by name, /health names the file, /readyz does not go; the first good write ends it",
    async (_name, leave) => {
      await using subject = await startSubject(clock, {});
      const { url, key } = subject;
      const refusal = async (): Promise<string> => {
        const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
        const body = JSON.stringify({ model: "sim", messages: [{ role: "user", content: "hi" }] });
        const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
        const code = /LL_[A-Z_]+/.exec(await answer.text())?.[0] ?? "";
        return `${answer.status} ${code} ${answer.headers.get("retry-after") ?? ""}`;
      };
      expect((await subject.call()).status).toBe(200);
      expect(await sqlOf(url)).toEqual([
        200,
        expect.not.objectContaining({ path: expect.anything() }),
      ]);
      const back = leave(subject);
      // A denial leaves an entry, which cannot be kept.
      const isRefused = async (): Promise<boolean> => {
        await (await fetch(`${url}/v1/models`, { headers: { authorization: "Bearer no" } })).text();
        return (await subject.call()).status === 503;
      };
      await eventually(clock, isRefused, soonMs);
      expect(await refusal()).toBe("503 LL_AUDITLOG_FULL 1");
      const isDown = async (): Promise<boolean> => (await sqlOf(url))[0] === 503;
      await eventually(clock, isDown, soonMs);
      const path = join(subject.stateDir, "loadline.db");
      expect((await sqlOf(url))[1]).toMatchObject({ required: true, state: "down", path });
      expect(await subject.ready()).toBe(200);
      back();
      const isBack = async (): Promise<boolean> =>
        (await subject.call()).status === 200 && (await sqlOf(url))[0] === 200;
      await eventually(clock, isBack, soonMs);
      // Some time after the last write that failed.
      const isWell = async (): Promise<boolean> => {
        const [, sql] = await sqlOf(url);
        return isRecord(sql) && sql["state"] === "ok" && !("path" in sql);
      };
      await eventually(clock, isWell, soonMs);
    },
    120_000,
  );
});
