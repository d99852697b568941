import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { nodeHttp } from "./index.ts";

const here = fileURLToPath(new URL("index.ts", import.meta.url));

/** The modules of Node that a process has loaded once it ran this line. */
function loadedBy(line: string): string {
  const code = `${line}; console.log(process.moduleLoadList.join("\\n"))`;
  const node = ["--input-type=module", "--disable-warning=ExperimentalWarning", "-e", code];
  return execFileSync(process.execPath, node, { encoding: "utf8" });
}

describe("Node's http module", () => {
  it("is the one that an import names", async () => {
    const { createServer, STATUS_CODES } = await import("node:http");
    expect(nodeHttp.createServer).toBe(createServer);
    expect(nodeHttp.STATUS_CODES).toBe(STATUS_CODES);
  });

  it("comes without undici, which an import would load", () => {
    expect(loadedBy(`await import(${JSON.stringify(here)})`)).not.toContain("undici");
    expect(loadedBy('import "node:http"')).toContain("undici");
  });
});
