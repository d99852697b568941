import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, startTcpProxy, type TcpProxy } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { expectOptional, runRounds } from "./fail-modes/expect-row.ts";
import { modeNames, modesOf } from "./fail-modes/modes.ts";
import { type FailModeSubject, startSubject } from "./fail-modes/subject.ts";
import { skipNotTested } from "./machine.ts";
import { type FileAnswer, fileIdOf, filesClient } from "./objects/files-client.ts";
import { type RunningMinio, startMinio } from "./objects/minio-process.ts";

const parts = await requireParts(["minio"]);
const clock = systemClock();
/** Beyond what the gateway waits for a sign of life. */
const slowMs = 3000;
const readyMs = 30_000;
const text = "{}\n".repeat(20_000);

describe.skipIf(parts.missing)("an S3 server, an optional dependency", () => {
  let minio: RunningMinio;
  let proxy: TcpProxy;
  let subject: FailModeSubject;
  let kept = "";
  beforeAll(async () => {
    minio = await startMinio(parts.found("minio").path, clock);
    proxy = await startTcpProxy({ clock, targetPort: minio.port });
    const { bucket, accessKey, secretKey } = minio;
    const endpoint = `http://127.0.0.1:${proxy.port}`;
    subject = await startSubject(clock, { objects: { endpoint, bucket, accessKey, secretKey } });
    const isThere = async () => (await subject.health()).states["objects"] === "ok";
    await eventually(clock, isThere, readyMs);
    kept = fileIdOf(await filesClient(subject).upload(text));
  }, 240_000);
  afterAll(async () => {
    minio.thaw();
    await subject[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await minio[Symbol.asyncDispose]();
  });

  it.for([...modeNames])(
    "%s under 50 calls a second: chat never reads it, uploads are 503 with Retry-After, back by itself",
    { timeout: 240_000 },
    async (name, context) => {
      const files = filesClient(subject);
      const away: FileAnswer[] = [];
      const degraded: boolean[] = [];
      const round = await runRounds({
        clock,
        subject,
        component: "objects",
        mode: modesOf(minio, proxy, slowMs)[name],
        async whileAway() {
          away.push(await files.upload(text), await files.ask(`/${kept}`), await files.ask(""));
          degraded.push((await subject.call()).isDegraded);
        },
      });
      const notes = expectOptional(round);
      expect(new Set(degraded)).toEqual(new Set([false]));
      expect(away.map(({ status, retryAfter }) => [status, retryAfter])).toEqual(
        Array.from(away, () => [503, "1"]),
      );
      for (const one of away) expect(one.text).toContain("LL_FILE_STORE_AWAY");
      // What was acknowledged before is whole, and the next upload is taken.
      expect((await files.ask(`/${kept}/content`)).text).toBe(text);
      const next = await files.upload(text);
      expect(next.status).toBe(200);
      expect((await files.ask(`/${fileIdOf(next)}/content`)).text).toBe(text);
      skipNotTested(context, notes);
    },
  );

  it("an upload under way when the server freezes ends with 503 within the time of stores.objectsTimeout", async () => {
    const { bucket, accessKey, secretKey } = minio;
    const endpoint = `http://127.0.0.1:${minio.port}`;
    const objects = { endpoint, bucket, accessKey, secretKey };
    await using hasty = await startSubject(clock, { objects, objectsTimeout: "1s" });
    const files = filesClient(hasty);
    expect((await files.upload(text)).status).toBe(200);
    minio.freeze();
    const answer = await files.upload(text).finally(() => minio.thaw());
    expect([answer.status, answer.retryAfter]).toEqual([503, "1"]);
    expect(answer.tookMs).toBeLessThan(10_000);
  }, 240_000);

  it("a wrong secret is a store that is away: nothing is taken, and the log names the server's word", async () => {
    const { bucket, accessKey } = minio;
    const endpoint = `http://127.0.0.1:${minio.port}`;
    const objects = { endpoint, bucket, accessKey, secretKey: accessKey };
    await using wrong = await startSubject(clock, { objects });
    const isAway = async () => (await wrong.health()).states["objects"] === "down";
    await eventually(clock, isAway, readyMs);
    expect((await filesClient(wrong).upload(text)).status).toBe(503);
    const isTold = (): boolean =>
      wrong.logged().filter((line) => line.signature.includes('"event":"object store"')).length ===
      1;
    await eventually(clock, isTold, readyMs);
    expect((await wrong.health()).status).toBe(200);
    expect((await wrong.call()).status).toBe(200);
  }, 240_000);
});
