import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LoadlineError } from "@loadline/kit/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyDir } from "../test/bundles.ts";
import { bundlePath, ownRunNames, runNames } from "./bundle-path.ts";

let cwd = "";
beforeEach(() => {
  cwd = emptyDir();
  for (const name of ["20261121T100000Z-ab12", "20261121T095959Z-ff00", "2026-kept", "other"])
    mkdirSync(join(cwd, "runs", name), { recursive: true });
  writeFileSync(join(cwd, "runs", "20269999.tar"), "");
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function refusal(given: string): LoadlineError {
  try {
    bundlePath(cwd, given);
  } catch (error) {
    if (error instanceof LoadlineError) return error;
    throw error;
  }
  return expect.unreachable();
}

describe("the folder an argument means", () => {
  it("is what is there under that name, folder or archive", () => {
    expect(bundlePath(cwd, "runs/2026-kept")).toBe(join(cwd, "runs/2026-kept"));
    expect(bundlePath(cwd, "runs/20269999.tar")).toBe(join(cwd, "runs/20269999.tar"));
    expect(bundlePath("/", join(cwd, "runs/other"))).toBe(join(cwd, "runs/other"));
  });

  it("is never the folder that runs are kept in: the newest run of it is named instead", () => {
    expect(refusal("runs").message).toContain('Did you mean "runs/latest"?');
    expect(refusal(".").message).toContain('Did you mean "runs/latest"?');
    expect(refusal(join(cwd, "runs")).message).toContain(`"${join(cwd, "runs/latest")}"`);
    writeFileSync(join(cwd, "runs", "evidence.jsonl"), "");
    expect(bundlePath(cwd, "runs")).toBe(join(cwd, "runs"));
  });

  it("latest is the newest by name, and a folder of that very name wins", () => {
    rmSync(join(cwd, "runs", "2026-kept"), { recursive: true });
    expect(bundlePath(cwd, "runs/latest")).toBe(join(cwd, "runs/20261121T100000Z-ab12"));
    mkdirSync(join(cwd, "runs", "latest"));
    expect(bundlePath(cwd, "runs/latest")).toBe(join(cwd, "runs/latest"));
  });

  it("the name of a run, as its report shows it, is that run of the state directory", () => {
    const name = "20261121T100000Z-ab12";
    mkdirSync(join(cwd, "state", "runs", name), { recursive: true });
    expect(bundlePath(cwd, name, "state")).toBe(join(cwd, "state/runs", name));
    mkdirSync(join(cwd, name));
    expect(bundlePath(cwd, name, "state")).toBe(join(cwd, name));
    expect(refusal("20261121T100001Z-ab12").message).toContain("no such file or folder");
    mkdirSync(join(cwd, ".loadline", "runs", "other"), { recursive: true });
    expect(refusal("other").code).toBe("LL_CLI_BUNDLE");
  });

  it("what is not there is named as it was typed, exit 78", () => {
    for (const given of ["runs/gone", "gone/latest", "latestt"]) {
      const { code, message, row } = refusal(given);
      expect([code, message, row.exit]).toEqual([
        "LL_CLI_BUNDLE",
        `${given}: no such file or folder.`,
        78,
      ]);
    }
  });

  it("latest of a folder without runs says which folder", () => {
    mkdirSync(join(cwd, "none"));
    expect(refusal("none/latest").message).toBe("none: no run in this folder.");
  });
});

describe("names of runs", () => {
  it("are folders that begin with a year, oldest first; our own are told from renamed ones", () => {
    expect(runNames(join(cwd, "runs"))).toEqual([
      "2026-kept",
      "20261121T095959Z-ff00",
      "20261121T100000Z-ab12",
    ]);
    expect(ownRunNames(join(cwd, "runs"))).toEqual([
      "20261121T095959Z-ff00",
      "20261121T100000Z-ab12",
    ]);
  });

  it("of resumed runs are our own, too", () => {
    const name = "20261121T100000Z-ab12-r001";
    mkdirSync(join(cwd, "runs", name));
    expect(ownRunNames(join(cwd, "runs"))).toContain(name);
  });

  it("of a folder that is not there are none", () => {
    expect(runNames(join(cwd, "gone"))).toEqual([]);
    expect(ownRunNames(join(cwd, "gone"))).toEqual([]);
  });
});
