import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { ConsoleError } from "../errors.ts";
import { loadReportAssets } from "./assets.ts";

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), "loadline-console-"));
  folders.push(made);
  return made;
};
const urlOf = (path: string): URL => pathToFileURL(`${path}/`);

afterEach(async () => {
  await Promise.all(folders.splice(0).map((path) => rm(path, { recursive: true, force: true })));
});

describe("report assets", () => {
  it("both files of a build are read", async () => {
    const dir = await folder();
    await writeFile(join(dir, "report.js"), "1;");
    await writeFile(join(dir, "report.css"), "p{}");
    await expect(loadReportAssets(urlOf(dir))).resolves.toEqual({ script: "1;", style: "p{}" });
  });

  it("a missing build is LL_CONSOLE_ASSETS and names the build command", async () => {
    const dir = await folder();
    const failed = await loadReportAssets(urlOf(dir)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConsoleError);
    expect(failed).toMatchObject({
      code: "LL_CONSOLE_ASSETS",
      line: expect.stringContaining("npx vite build packages/console"),
      cause: expect.objectContaining({ code: "ENOENT" }),
    });
  });

  it("an empty file is a broken build", async () => {
    const dir = await folder();
    await writeFile(join(dir, "report.js"), "");
    await writeFile(join(dir, "report.css"), "p{}");
    await expect(loadReportAssets(urlOf(dir))).rejects.toMatchObject({ code: "LL_CONSOLE_ASSETS" });
  });
});
