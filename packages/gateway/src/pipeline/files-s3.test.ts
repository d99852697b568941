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

/** A gateway whose files are in a bucket of this server. */
function overS3(server: Upstream, objectsTimeout = 2500): Promise<Running> {
  const stateDir = temporaryDir();
  const file = join(stateDir, "s3-key");
  writeFileSync(file, Buffer.from(systemRandom().bytes(8)).toString("hex"), { mode: 0o600 });
  const key = `\${file:${file}}`;
  const endpoint = new URL(server.baseUrl).origin;
  const objects = { endpoint, bucket: "bucket", accessKey: key, secretKey: key };
  return runGateway({ stores: { objects, objectsTimeout } }, stateDir);
}

function uploadTo(g: Running): Promise<Response> {
  const body = new FormData();
  body.set("purpose", "batch");
  body.set("file", new File(["{}"], "a.jsonl"));
  const headers = { authorization: `Bearer ${g.key}` };
  return fetch(`${g.url}/v1/files`, { method: "POST", headers, body });
}

/** What the audit log says, to whom may read it, of acts on one file: `action outcome`. */
async function readerOf(g: Running): Promise<(id: string) => Promise<string[]>> {
  const { keys } = g.gateway.identity;
  const created = { name: "reader", roles: ["admin"], tenantId: "*" };
  const { secret } = await keys.create(operator(), created);
  const headers = { authorization: `Bearer ${secret}` };
  return async (id) => {
    const answer = await fetch(`${g.url}/admin/v1/audit?tenantId=default`, { headers });
    const entries = (await answer.text()).split('"seq":').slice(1);
    return entries
      .filter((entry) => entry.includes(id))
      .map((entry) => {
        const [action, outcome] = ["action", "outcome"].map(
          (name) => new RegExp(`"${name}":"([^"]+)"`).exec(entry)?.[1],
        );
        return `${action} ${outcome}`;
      });
  };
}

const idIn = (url: string): string => /file-[0-9a-f]{24}/.exec(url)?.[0] ?? "none";

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
      const id = idIn(url);
      // It lands, and nobody is told.
      if (method === "PUT") {
        landed.push(id);
        kept.add(id);
        return;
      }
      if (method === "DELETE") kept.delete(id);
      response.end(noKeys);
    });
    await using g = await overS3(server);
    const isSent = async (): Promise<boolean> => {
      const answer = await uploadTo(g);
      expect([answer.status, await errorCode(answer)]).toEqual([503, "LL_FILE_STORE_AWAY"]);
      return landed.length > 0;
    };
    await eventually(clock, isSent, waitMs);
    const actsOn = await readerOf(g);
    // On a machine that stands, more than one may have landed.
    const isUndone = async (): Promise<boolean> => {
      const acts = await Promise.all(landed.map(actsOn));
      return kept.size === 0 && acts.every((some) => some.includes("file.deleted ok"));
    };
    await eventually(clock, isUndone, waitMs);
    for (const id of landed)
      expect((await actsOn(id)).toSorted()).toEqual(["file.created failed", "file.deleted ok"]);
  }, 90_000);
});

describe("/v1/files over an S3 server that does what it is asked and dies before it says so", () => {
  const timeoutMs = 30_000;

  /** A bucket in memory whose server ends, listener and all, at the first call of this method. */
  async function runMortal(fatal: string) {
    const keys = new Set<string>();
    const server = await runUpstream((response, _body, { method, url = "" }) => {
      const { pathname, searchParams } = new URL(url, "http://a");
      const key = pathname.slice("/bucket/".length);
      if (method === "PUT") keys.add(key);
      if (method === "DELETE") keys.delete(key);
      const found = [...keys].filter((one) => one.startsWith(searchParams.get("prefix") ?? ""));
      if (method === fatal) void server[Symbol.asyncDispose]();
      else response.end(found.map((one) => `<Key>${one}</Key>`).join(""));
    });
    return {
      server,
      keys,
      asked: (wanted: string) => server.requests.filter(({ method }) => method === wanted).length,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }

  it("an upload that is there is on record as failed", async () => {
    await using mortal = await runMortal("PUT");
    const { keys, asked } = mortal;
    await using g = await overS3(mortal.server, timeoutMs);
    const isSent = async (): Promise<boolean> => {
      const answer = await uploadTo(g);
      expect([answer.status, await errorCode(answer)]).toEqual([503, "LL_FILE_STORE_AWAY"]);
      return asked("PUT") > 0;
    };
    await eventually(clock, isSent, waitMs);
    expect([asked("PUT"), keys.size]).toEqual([1, 1]);
    const actsOn = await readerOf(g);
    const acts = (): Promise<string[]> => actsOn(idIn([...keys].join()));
    await eventually(clock, async () => (await acts()).length > 0, waitMs);
    expect(await acts()).toEqual(["file.created failed"]);
  }, 90_000);

  it("a file that is gone is on record as failed to be deleted", async () => {
    await using mortal = await runMortal("DELETE");
    const { keys, asked } = mortal;
    await using g = await overS3(mortal.server, timeoutMs);
    // A machine that stands makes the store look away, which is 503 too.
    await eventually(clock, async () => (await uploadTo(g)).status === 200, waitMs);
    const id = idIn([...keys].join());
    const headers = { authorization: `Bearer ${g.key}` };
    const isSent = async (): Promise<boolean> => {
      const answer = await fetch(`${g.url}/v1/files/${id}`, { method: "DELETE", headers });
      expect([answer.status, await errorCode(answer)]).toEqual([503, "LL_FILE_STORE_AWAY"]);
      return asked("DELETE") > 0;
    };
    await eventually(clock, isSent, waitMs);
    expect([asked("DELETE"), keys.size]).toEqual([1, 0]);
    const actsOn = await readerOf(g);
    await eventually(clock, async () => (await actsOn(id)).length > 1, waitMs);
    expect((await actsOn(id)).toSorted()).toEqual(["file.created ok", "file.deleted failed"]);
  }, 90_000);
});
