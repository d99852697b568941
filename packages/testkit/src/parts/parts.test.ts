import { describe, expect, it } from "vitest";
import { chromium } from "./chromium.ts";
import { partsEnvironment } from "./environment.ts";
import { grafana } from "./grafana.ts";
import { k6 } from "./k6.ts";
import { opa } from "./opa.ts";
import { llamaServer } from "./llama-server.ts";
import { locust } from "./locust.ts";
import type { Part, PartsEnvironment, RunResult } from "./part.ts";
import { runCommand } from "./part.ts";
import { qdrant } from "./qdrant.ts";
import { requireParts } from "./require-parts.ts";
import { parts } from "./table.ts";
import { timescaledb } from "./timescaledb.ts";

const machine = (o: Partial<PartsEnvironment> = {}): PartsEnvironment => ({
  partsDir: "/parts",
  hidden: new Set(),
  required: new Set(),
  run: (command) => Promise.resolve({ ok: false, reason: `${command}: no such file` }),
  ...o,
});

const answering =
  (text: string): PartsEnvironment["run"] =>
  (): Promise<RunResult> =>
    Promise.resolve({ ok: true, text });

const present: Part = {
  id: "present",
  group: "debian",
  get: "install present",
  probe: () => Promise.resolve({ id: "present", version: "1.0", path: "/bin/present" }),
};
const absent: Part = {
  id: "absent",
  group: "debian",
  get: "install absent",
  probe: () => Promise.resolve({ id: "absent", reason: "not installed" }),
};
const table = [present, absent];

describe("requireParts", () => {
  it("returns the path and version of a part that is there and prints nothing", async () => {
    const lines: string[] = [];
    const got = await requireParts(["present"], {
      table,
      environment: machine(),
      print: (line) => lines.push(line),
    });
    expect(got.missing).toBe(false);
    expect(got.found("present")).toEqual({ id: "present", version: "1.0", path: "/bin/present" });
    expect(lines).toEqual([]);
  });

  it("prints one NOT TESTED line with reason, command and rows per missing part", async () => {
    const lines: string[] = [];
    const got = await requireParts(["absent", "present"], {
      table,
      rows: ["R1-01"],
      environment: machine(),
      print: (line) => lines.push(line),
    });
    expect(got.missing).toBe(true);
    expect(lines).toEqual([
      "NOT TESTED: absent (not installed; get it: install absent) rows=R1-01",
    ]);
    expect(() => got.found("absent")).toThrow("was not found");
  });

  it("fails the suite when a missing part is required", async () => {
    const environment = machine({ required: new Set(["absent"]) });
    await expect(requireParts(["absent"], { table, environment })).rejects.toThrow(
      "LOADLINE_REQUIRE_PARTS: NOT TESTED: absent",
    );
  });

  it("treats a hidden part as missing, and a hidden required part as a failure", async () => {
    const lines: string[] = [];
    const hidden = new Set(["present"]);
    const got = await requireParts(["present"], {
      table,
      environment: machine({ hidden }),
      print: (line) => lines.push(line),
    });
    expect(got.missing).toBe(true);
    expect(lines[0]).toContain("hidden by LOADLINE_HIDE_PARTS");
    const environment = machine({ hidden, required: hidden });
    await expect(requireParts(["present"], { table, environment })).rejects.toThrow("present");
  });

  it("refuses a part that the table does not know", async () => {
    await expect(requireParts(["nobody"], { table })).rejects.toThrow("no part is called nobody");
  });
});

describe("identity", () => {
  it("refuses a program of the right name with the wrong banner", async () => {
    const wrong = machine({ run: answering("Firefox 1.0") });
    for (const part of parts) {
      expect(await part.probe(wrong), part.id).not.toHaveProperty("version");
    }
  });

  it("reads the version from the part's own banner", async () => {
    const browser = machine({ run: answering("Chromium 150.0.1.2 built on Debian") });
    expect(await chromium.probe(browser)).toMatchObject({ version: "150.0.1.2" });
    const server = machine({ run: answering("version: 8941 (abc1234)\nbuilt with GNU") });
    expect(await llamaServer.probe(server)).toEqual({
      id: "llama-server",
      version: "8941",
      path: "/parts/llama-server",
    });
  });

  it("a load generator is the one its banner says, another program of its name is not", async () => {
    const k6Says = machine({ run: answering("k6 v2.2.0 (go1.26.8, linux/amd64)\n") });
    expect(await k6.probe(k6Says)).toMatchObject({ version: "2.2.0", path: "/parts/k6" });
    const locustSays = machine({ run: answering("locust 2.47.0 from /x (Python 3.11.7)\n") });
    expect(await locust.probe(locustSays)).toMatchObject({ version: "2.47.0" });
    const other = machine({ run: answering("usage: k6 of another kind, locust 1") });
    expect(await k6.probe(other)).toEqual({ id: "k6", reason: "it gave no version of k6" });
    expect(await locust.probe(other)).toEqual({
      id: "locust",
      reason: "it gave no version of Locust",
    });
  });

  it("a policy engine is the one that prints its version in a line of its own", async () => {
    const says = machine({ run: answering("Version: 1.22.2\nBuild Commit: \n") });
    expect(await opa.probe(says)).toEqual({ id: "opa", version: "1.22.2", path: "/parts/opa" });
    const other = machine({ run: answering("opa Version: 1.22.2") });
    expect(await opa.probe(other)).toEqual({ id: "opa", reason: "it gave no version of OPA" });
  });

  it("a store of vectors and a server of dashboards are those their banners say", async () => {
    const qdrantSays = machine({ run: answering("qdrant 1.15.4\n") });
    expect(await qdrant.probe(qdrantSays)).toMatchObject({ version: "1.15.4" });
    const grafanaSays = machine({ run: answering("grafana version 12.1.0\n") });
    const path = "/parts/grafana/bin/grafana";
    expect(await grafana.probe(grafanaSays)).toEqual({ id: "grafana", version: "12.1.0", path });
    for (const part of [qdrant, grafana]) {
      const other = await part.probe(machine({ run: answering("version 1.15.4 of a proxy") }));
      expect(other).toEqual({ id: part.id, reason: expect.stringContaining("it gave no version") });
      const gone = await part.probe(machine());
      expect(gone).toEqual({ id: part.id, reason: expect.stringContaining("no such file") });
    }
  });

  it("a database that is installed where nobody may start it is missing, with why", async () => {
    const control = "default_version = '2.19.3'\n";
    const refused = "unshare failed: Operation not permitted";
    const bound = machine({
      run: (command) =>
        Promise.resolve(
          command === "chroot" ? { ok: true, text: control } : { ok: false, reason: refused },
        ),
    });
    expect(await timescaledb.probe(bound)).toEqual({ id: "timescaledb", reason: refused });
    const free = machine({ run: answering(control) });
    const path = "/parts/timescaledb";
    expect(await timescaledb.probe(free)).toEqual({ id: "timescaledb", version: "2.19.3", path });
  });

  it("gives the reason when nothing of that name starts", async () => {
    expect(await chromium.probe(machine())).toEqual({
      id: "chromium",
      reason: expect.stringContaining("/usr/bin/chromium: no such file"),
    });
  });
});

describe("partsEnvironment", () => {
  it("reads the folder and both lists from the variables it is given", () => {
    const environment = partsEnvironment({
      LOADLINE_PARTS: "/there",
      LOADLINE_HIDE_PARTS: "a,b",
      LOADLINE_REQUIRE_PARTS: "c",
    });
    expect(environment.partsDir).toBe("/there");
    expect([...environment.hidden]).toEqual(["a", "b"]);
    expect([...environment.required]).toEqual(["c"]);
    expect([...partsEnvironment({}).hidden]).toEqual([]);
  });
});

describe("runCommand", () => {
  it("ends a command at its time limit and says so", async () => {
    const endless = ["-e", "setInterval(() => undefined, 1000)"];
    expect((await runCommand(process.execPath, endless, 200)).ok).toBe(false);
  });

  it("returns what a command printed", async () => {
    const said = await runCommand(process.execPath, ["-e", "console.log(6 * 7)"], 10_000);
    expect(said).toEqual({ ok: true, text: "42\n" });
  });
});
