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
    /** How many of 100 at once are told that the store is busy; the others wait in vain. */
    const busy = async (): Promise<number> => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => g.get(path)));
      const codes = await Promise.all(answers.map(errorCode));
      for (const { status, headers } of answers)
        expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
      const isBusy = (code: string): boolean => code === "LL_FILE_BUSY";
      expect(codes.filter((code) => !isBusy(code) && code !== "LL_FILE_STORE_AWAY")).toEqual([]);
      return codes.filter(isBusy).length;
    };
    // A machine that stands makes the store look away for a moment: nobody waits for it then.
    await eventually(clock, async () => (await busy()) > 0, waitMs);
    expect(await (await g.get("/metrics")).text()).toMatch(
      /loadline_object_calls_total\{call="list",outcome="busy"\} [1-9]/,
    );
  }, 60_000);

  it("of an upload without an answer that lands: on record as failed, then removed and on record as deleted", async () => {
    const kept = new Set<string>();
    const landed: string[] = [];
    await using server = await runUpstream((response, _body, { method, url = "" }) => {
      const key = url.split("?")[0] ?? "";
      // It lands, and nobody is told.
      if (method === "PUT") {
        landed.push(key);
        kept.add(key);
        return;
      }
      if (method === "DELETE") kept.delete(key);
      response.end(noKeys);
    });
    await using g = await overS3(server);
    const body = new FormData();
    body.set("purpose", "batch");
    body.set("file", new File(["{}"], "a.jsonl"));
    const headers = { authorization: `Bearer ${g.key}` };
    const upload = async (): Promise<unknown[]> => {
      const answer = await fetch(`${g.url}/v1/files`, { method: "POST", headers, body });
      return [answer.status, await errorCode(answer)];
    };
    const isSent = async (): Promise<boolean> => {
      expect(await upload()).toEqual([503, "LL_FILE_STORE_AWAY"]);
      return landed.length > 0;
    };
    await eventually(clock, isSent, waitMs);
    const [key = ""] = landed;
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
  }, 90_000);
});
