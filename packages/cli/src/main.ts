#!/usr/bin/env node
// The one entry, and the only file that touches the process. Imports are dynamic: an older Node
// gets a sentence instead of a syntax error, and no verb pays for another verb's modules.

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `LL_CLI_NODE Loadline needs Node >= 24.12 and this is ${process.versions.node}. ` +
      "Start it with `npx loadline` in the folder it is installed in, or install Node 24.\n",
  );
  process.exit(78);
}

const { restartOf, startAnew } = await import("./process/heap.ts");
startAnew(process, process.env, restartOf);

const { endOnFault, endSoon, processHost } = await import("./process/process-host.ts");
const { runCli, tellFault } = await import("./run.ts");
const host = processHost(process, (code) => process.exit(code));
endOnFault(process, (fault) => tellFault(host, fault));
const code = await runCli(host);
process.exitCode = code;
endSoon(host, code);
