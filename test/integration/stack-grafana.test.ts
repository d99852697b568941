import type { ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { removeFolder } from "../../packages/testkit/src/remove-folder.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endChild, eventually, freePort, spawnHeld } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["grafana"], { rows: ["R2-58", "R4-03"] });
const password = "word-of-this-test";
const source = { type: "grafana-testdata-datasource", uid: "testdata" };

describe.skipIf(parts.missing)("the checks of a real Grafana", () => {
  const home = mkdtempSync(join(tmpdir(), "loadline-grafana-"));
  let child: ChildProcess;
  let url = "";

  const ask = (path: string, body: object): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
  /** A dashboard of one panel of Grafana's own test data. */
  const dashboard = async (uid: string, scenarioId: string): Promise<void> => {
    const targets = [{ refId: "A", datasource: source, scenarioId }];
    const panels = [{ id: 1, type: "timeseries", title: uid, datasource: source, targets }];
    const made = await ask("/api/dashboards/db", { dashboard: { uid, title: uid, panels } });
    if (!made.ok) throw new Error(`${uid}: ${made.status} ${await made.text()}`);
  };

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const env = {
      ...process.env,
      GF_SERVER_HTTP_ADDR: "127.0.0.1",
      GF_SERVER_HTTP_PORT: String(port),
      GF_PATHS_DATA: home,
      GF_PATHS_LOGS: join(home, "logs"),
      GF_SECURITY_ADMIN_PASSWORD: password,
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
    };
    const { path } = parts.found("grafana");
    const homepath = dirname(dirname(path));
    child = spawnHeld(path, ["server", "--homepath", homepath], { env, stdio: "ignore" });
    const isUp = () =>
      fetch(`${url}/api/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually(systemClock(), isUp, 90_000);
    await ask("/api/datasources", { ...source, name: "testdata", access: "proxy" });
    await dashboard("filled", "random_walk");
    await dashboard("empty", "no_data_points");
  }, 120_000);
  afterAll(async () => {
    await endChild(child);
    removeFolder(home);
  }, 30_000);

  const check = (dashboards: readonly string[]): Promise<Record<string, string>> =>
    claimsOf(
      { kind: "grafana", url, user: "admin", password: "${env:WORD}", dashboards },
      { secrets: { WORD: password }, timeoutMs: 30_000 },
    );

  it("all pass where every panel shows data and the maker's password is refused", async () => {
    const said = await check(["filled"]);
    for (const id of ["answers", "panels", "locked"]) {
      expect([id, said[id]]).toEqual([id, expect.stringMatching(/^passed/)]);
    }
  }, 60_000);

  it("a panel without data is a failure by its name", async () => {
    expect((await check(["filled", "empty"]))["panels"]).toMatch(/^failed false: .*empty/);
  }, 60_000);
});
