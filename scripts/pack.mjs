// Packs the built bundle as the published package `loadline`: a staging folder with a package.json
// of its own, because what runs in the repository (workspaces, TypeScript) is not what is installed.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const cliDir = join(root, "packages", "cli");
const distDir = join(cliDir, "dist");
const stageDir = join(root, "node_modules", ".loadline", "package");
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

if (!existsSync(join(distDir, "main.js"))) {
  process.stderr.write("LL_PACK_BUNDLE there is no bundle. Run `npm run build` first.\n");
  process.exit(78);
}

const own = readJson(join(cliDir, "package.json"));
const gateway = readJson(join(root, "packages", "gateway", "package.json"));
const llama = gateway.dependencies["node-llama-cpp"];
const platforms = ["linux-x64", "linux-arm64", "mac-arm64-metal", "mac-x64"];
const manifest = {
  name: own.name,
  version: own.version,
  description: own.description,
  license: own.license,
  type: "module",
  bin: { loadline: "main.js" },
  engines: { node: ">=24.12" },
  // The bundle holds node-llama-cpp's code; its own optional packages would add CUDA's 700 MB.
  optionalDependencies: {
    ...readJson(join(root, "package.json")).optionalDependencies,
    ...Object.fromEntries(platforms.map((name) => [`@node-llama-cpp/${name}`, llama])),
  },
};

rmSync(stageDir, { recursive: true, force: true });
mkdirSync(stageDir, { recursive: true });
cpSync(distDir, stageDir, { recursive: true });
chmodSync(join(stageDir, "main.js"), 0o755);
// What the README and the remedies of errors point to; the stack of examples needs the repository.
const pages = ["LICENSE", "README.md", "SECURITY.md", "ARCHITECTURE.md", "docs/guides"].concat([
  "docs/reference",
  "examples/gateway",
  "examples/load",
]);
for (const name of pages) {
  if (existsSync(join(root, name)))
    cpSync(join(root, name), join(stageDir, name), { recursive: true });
}
// What `/health` calls `commit`; a tree without git has none.
const git = spawnSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" });
if (git.status === 0) writeFileSync(join(stageDir, "COMMIT"), git.stdout);
writeFileSync(join(stageDir, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
const target = process.argv[2] ?? root;
execFileSync("npm", ["pack", "--silent", "--pack-destination", target], {
  cwd: stageDir,
  stdio: "inherit",
});
