import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import {
  errorCode,
  runGateway,
  type Running,
  runUpstream,
  temporaryDir,
  type Upstream,
} from "../../test/harness.ts";
import { operator } from "../identity/acting.ts";

const clock = systemClock();
const waitMs = 30_000;
const noKeys = "<ListBucketResult></ListBucketResult>";

/** A gateway whose files are in a bucket of this server, each call of which may take 2.5 s. */
function overS3(server: Upstream): Promise<Running> {
  const stateDir = temporaryDir();
  const file = join(stateDir, "s3-key");
  writeFileSync(file, Buffer.from(systemRandom().bytes(8)).toString("hex"), { mode: 0o600 });
  const key = `\${file:${file}}`;
  const endpoint = new URL(server.baseUrl).origin;
  const objects = { endpoint, bucket: "bucket", accessKey: key, secretKey: key };
  return runGateway({ stores: { objects, objectsTimeout: 2500 } }, stateDir);
}

/** The entries of an answer of the audit log, each as its text. */
function entriesOf(text: string): string[] {
  return text.split('"seq":').slice(1);
}

describe("/v1/files over an S3 server that keeps its answers", () => {
  it("tells who finds its queue full to come back: 503 LL_FILE_BUSY with Retry-After", async () => {
    await using server = await runUpstream((response, _body, { url = "" }) => {
      // A ping lists everything; a listing of files has no answer.
      if (url.includes("prefix=files")) return;
      response.end(noKeys);
    });
    await using g = await overS3(server);
    const path = `/v1/files/file-${"0".repeat(24)}`;
    const answers = await Promise.all(Array.from({ length: 100 }, () => g.get(path)));
    const told = await Promise.all(
      answers.map(async (one) => [
        one.status,
        one.headers.get("retry-after"),
        await errorCode(one),
      ]),
    );
    const busy = told.filter(([, , code]) => code === "LL_FILE_BUSY");
    const away = told.filter(([, , code]) => code === "LL_FILE_STORE_AWAY");
    expect([busy.length > 0, busy.length + away.length]).toEqual([true, 100]);
    for (const [status, after] of told) expect([status, after]).toEqual([503, "1"]);
    expect(await (await g.get("/metrics")).text()).toMatch(
      /loadline_object_calls_total\{call="list",outcome="busy"\} [1-9]/,
    );
  });

  it("of an upload without an answer that lands: on record as failed, then removed and on record as deleted", async () => {
    const kept = new Set<string>();
    await using server = await runUpstream((response, _body, { method, url = "" }) => {
      const key = url.split("?")[0] ?? "";
      // It lands, and nobody is told.
      if (method === "PUT") return void kept.add(key);
      if (method === "DELETE") kept.delete(key);
      response.end(noKeys);
    });
    await using g = await overS3(server);
    const body = new FormData();
    body.set("purpose", "batch");
    body.set("file", new File(["{}"], "a.jsonl"));
    const headers = { authorization: `Bearer ${g.key}` };
    const upload = fetch(`${g.url}/v1/files`, { method: "POST", headers, body });
    await eventually(clock, () => kept.size === 1, waitMs);
    const [key = ""] = kept;
    const answer = await upload;
    expect([answer.status, await errorCode(answer)]).toEqual([503, "LL_FILE_STORE_AWAY"]);
    const { keys } = g.gateway.identity;
    const created = { name: "reader", roles: ["admin"], tenantId: "*" };
    const { secret } = await keys.create(operator(), created);
    const trail = async (): Promise<string> => {
      const url = `${g.url}/admin/v1/audit?tenantId=default`;
      return (await fetch(url, { headers: { authorization: `Bearer ${secret}` } })).text();
    };
    await eventually(clock, async () => (await trail()).includes('"undone":true'), waitMs);
    expect([...kept]).toEqual([]);
    const text = await trail();
    const id = /file-[0-9a-f]{24}/.exec(key)?.[0] ?? "none";
    const ends = entriesOf(text).filter((entry) => entry.includes(id));
    expect(ends.some((one) => /"file\.created"/.test(one) && /"failed"/.test(one))).toBe(true);
    expect(ends.some((one) => /"file\.deleted"/.test(one) && /"ok"/.test(one))).toBe(true);
  }, 60_000);
});
