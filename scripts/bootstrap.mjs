// Brings a clean clone to a state in which `npm start` and `npm test` run, and does nothing when it
// already is. Plain JavaScript on purpose: it runs under the host's Node, before anything is
// installed. It writes below node_modules and dist only, never a file that git tracks.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stampDir = join(root, "node_modules", ".loadline");
const pinnedNode = join(root, "node_modules", ".bin", "node");
const node = () => (existsSync(pinnedNode) ? pinnedNode : process.execPath);

function stop(exitCode, message) {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function digestOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest("hex");
}

/** Runs `step` when `files` changed since it last succeeded or `product` is gone. */
function once({ name, files, product, say, step }) {
  const stamp = join(stampDir, name);
  const digest = digestOf(files.filter((file) => existsSync(file)));
  if (existsSync(product) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  process.stderr.write(`bootstrap: ${say}\n`);
  step();
  mkdirSync(stampDir, { recursive: true });
  writeFileSync(stamp, digest);
}

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  if (done.error) stop(78, `LL_BOOTSTRAP_COMMAND ${command}: ${done.error.message}`);
  if (done.status === 0) return;
  process.stderr.write(done.stdout);
  stop(
    3,
    `LL_BOOTSTRAP_STEP ${[command, ...args].join(" ")} ended with ${done.status}. Run it again.`,
  );
}

const installFlags = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
once({
  name: "install",
  files: [join(root, "package-lock.json")],
  product: join(root, "node_modules", ".package-lock.json"),
  say: "installing what package-lock.json pins (once, about a minute) ...",
  step: () => run("npm", ["install", ...installFlags, "--loglevel=error"]),
});

const version = execFileSync(node(), ["--version"], { encoding: "utf8" }).trim();
const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  const reason = "no prebuilt Node for this platform comes from npm";
  stop(78, `LL_BOOTSTRAP_NODE Node ${version} is too old and ${reason}. Install Node >= 24.12.`);
}

const consoleDir = join(root, "packages", "console");
const viteConfig = join(consoleDir, "vite.config.ts");
if (existsSync(viteConfig)) {
  once({
    name: "console",
    files: [...filesBelow(join(consoleDir, "src")), viteConfig],
    product: join(consoleDir, "dist"),
    say: "building the console ...",
    step: () =>
      run(node(), [join(root, "node_modules", "vite", "bin", "vite.js"), "build", consoleDir]),
  });
}
