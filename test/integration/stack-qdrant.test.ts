import type { ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { removeFolder } from "../../packages/testkit/src/remove-folder.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endChild, eventually, freePort, spawnHeld } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["qdrant"], { rows: ["R2-32", "R2-57"] });
const key = "key-of-this-test";

describe.skipIf(parts.missing)("the checks of a real Qdrant", () => {
  const home = mkdtempSync(join(tmpdir(), "loadline-qdrant-"));
  let child: ChildProcess;
  let url = "";

  beforeAll(async () => {
    const [http, grpc] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${http}`;
    const env = {
      ...process.env,
      QDRANT__SERVICE__HOST: "127.0.0.1",
      QDRANT__SERVICE__HTTP_PORT: String(http),
      QDRANT__SERVICE__GRPC_PORT: String(grpc),
      QDRANT__SERVICE__API_KEY: key,
      QDRANT__STORAGE__STORAGE_PATH: join(home, "storage"),
      QDRANT__STORAGE__SNAPSHOTS_PATH: join(home, "snapshots"),
      QDRANT__TELEMETRY_DISABLED: "true",
    };
    child = spawnHeld(parts.found("qdrant").path, [], { env, cwd: home, stdio: "ignore" });
    const isUp = () =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually(systemClock(), isUp, 60_000);
  }, 90_000);
  afterAll(async () => {
    await endChild(child);
    removeFolder(home);
  }, 30_000);

  const check = (word: string): Promise<Record<string, string>> =>
    claimsOf(
      { kind: "qdrant", url, apiKey: "${env:WORD}" },
      { secrets: { WORD: word }, timeoutMs: 30_000 },
    );

  it("all pass: three points are written, the nearest is found, and nobody comes in without the key", async () => {
    const said = await check(key);
    for (const id of ["answers", "read_back", "locked"]) {
      expect([id, said[id]]).toEqual([id, expect.stringMatching(/^passed/)]);
    }
  }, 60_000);

  it("a wrong key is a failure that names the answer, and no pass", async () => {
    const said = await check("another-word");
    expect(said["read_back"]).toMatch(/^failed false: .*40[13]/);
  }, 60_000);
});
