import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { readTree, repositoryRoot, sources } from "./tree.ts";

/** Entries of processes and of the browser: started, never imported. */
const entries = /\/(main|worker|[a-z-]+-worker)\.tsx?$|\.tsx$/;

/** Imports the given modules in one process with the traps set and names what each of them did. */
const probe = `
import fs from "node:fs";
import net from "node:net";
import { syncBuiltinESMExports } from "node:module";
let current = "";
const did = [];
const note = (what) => {
  const caller = (new Error().stack ?? "").split("\\n")[3] ?? "";
  if (current && !/node_modules|node:/.test(caller)) did.push(current + " " + what);
};
const trap = (owner, name, what) => {
  const real = owner[name];
  owner[name] = function (...args) { note(what); return real.apply(this, args); };
};
trap(globalThis, "setTimeout", "starts a timer");
trap(globalThis, "setInterval", "starts a timer");
for (const name of ["writeFileSync", "appendFileSync", "mkdirSync", "rmSync", "writeFile", "mkdir"]) {
  trap(fs, name, "writes a file");
}
trap(net.Socket.prototype, "connect", "opens a socket");
trap(net.Server.prototype, "listen", "listens");
syncBuiltinESMExports();
const env = process.env;
Object.defineProperty(process, "env", { get() { note("reads the environment"); return env; } });
for (const url of JSON.parse(process.argv[2])) {
  current = url;
  try { await import(url); } catch (error) { did.push(url + " fails: " + error.message.split("\\n")[0]); }
  current = "";
}
fs.writeSync(1, JSON.stringify(did));
process.exit(0);
`;

function effectsOf(urls: readonly string[]): unknown {
  const folder = mkdtempSync(join(tmpdir(), "loadline-import-"));
  try {
    const script = join(folder, "probe.mjs");
    writeFileSync(script, probe);
    const run = spawnSync(process.execPath, [script, JSON.stringify(urls)], {
      encoding: "utf8",
      timeout: 50_000,
      cwd: folder,
    });
    return JSON.parse(run.stdout === "" ? JSON.stringify([run.stderr]) : run.stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("importing a module", () => {
  it("starts no timer, opens no socket, writes no file and reads no environment", () => {
    const modules = sources(readTree(repositoryRoot)).filter((path) => !entries.test(path));
    expect(modules.length).toBeGreaterThan(20);
    const urls = modules.map((path) => pathToFileURL(join(repositoryRoot, path)).href);
    expect(effectsOf(urls)).toEqual([]);
  });

  it.each([
    ["setTimeout(() => {}, 1);", "starts a timer"],
    ['import fs from "node:fs"; fs.mkdirSync("made");', "writes a file"],
    ['import net from "node:net"; net.createServer().listen(0, "127.0.0.1");', "listens"],
    ['export const home = process.env["HOME"];', "reads the environment"],
  ])("is caught when the module says %s", (text, what) => {
    const folder = mkdtempSync(join(tmpdir(), "loadline-planted-"));
    try {
      const file = join(folder, "planted.mjs");
      writeFileSync(file, text);
      const url = pathToFileURL(file).href;
      expect(effectsOf([url])).toEqual([`${url} ${what}`]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
