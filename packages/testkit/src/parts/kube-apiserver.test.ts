import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { kubeApiserver } from "./kube-apiserver.ts";
import type { PartsEnvironment } from "./part.ts";

type Banners = Readonly<Record<string, string>>;

const whole: Banners = {
  "kube-apiserver": "Kubernetes v1.36.3\n",
  etcd: "etcd Version: 3.6.8\nGit SHA: none\n",
};

/** Probes a folder of programs that say these banners. */
async function probed(banners: Banners) {
  const partsDir = realpathSync(mkdtempSync(join(tmpdir(), "loadline-part-")));
  const run: PartsEnvironment["run"] = (command) => {
    const text = banners[basename(command)];
    const reason = `${basename(command)}: no such file`;
    return Promise.resolve(text === undefined ? { ok: false, reason } : { ok: true, text });
  };
  try {
    mkdirSync(join(partsDir, "made"));
    writeFileSync(join(partsDir, "made/kube-apiserver"), "");
    symlinkSync("made/kube-apiserver", join(partsDir, "kube-apiserver"));
    const found = await kubeApiserver.probe({
      partsDir,
      hidden: new Set(),
      required: new Set(),
      run,
    });
    return { found, made: join(partsDir, "made/kube-apiserver") };
  } finally {
    rmSync(partsDir, { recursive: true, force: true });
  }
}

describe("the part kube-apiserver", () => {
  it("is found with its version, in the folder where its etcd lies", async () => {
    const { found, made } = await probed(whole);
    expect(found).toEqual({ id: "kube-apiserver", version: "1.36.3", path: made });
  });

  it.each([
    [
      "a program of the right name that is another one",
      { "kube-apiserver": "hello" },
      "no version",
    ],
    ["a server without its etcd", { etcd: "nothing" }, "etcd is not beside it"],
  ])("%s is missing, with the reason", async (_, banners: Banners, reason) => {
    const { found } = await probed({ ...whole, ...banners });
    expect(found).toMatchObject({ id: "kube-apiserver", reason: expect.stringContaining(reason) });
  });

  it("nothing there is missing, not an error", async () => {
    expect((await probed({})).found).toMatchObject({ reason: expect.stringContaining("no such") });
  });
});
