import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import {
  errorCode,
  runGateway,
  type Running,
  runUpstream,
  temporaryDir,
  type Upstream,
} from "../../test/harness.ts";

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
});
