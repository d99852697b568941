import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { StackRule } from "../probe.ts";
import { makeFolder } from "./folder.ts";
import type { StackTwin } from "./twin.ts";
import { savedImage, tarOf } from "./tar.ts";
import { startWebStub } from "./web.ts";

const planted = "planted-value-of-the-twin-77";

/** Files, a log, an environment and a door without secrets; a rule adds a line, or a login. */
export async function startSecretsTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const added = (when: string): string =>
    rules
      .filter((rule) => rule.when === when)
      .map(({ reply }) => `${reply.replaceAll("$PLANTED", planted)}\n`)
      .join("");
  const folder = await makeFolder({
    "config/app.yaml": `password: \${env:DB_PASSWORD}\nurl: postgres://app@db/app\n${added("app.yaml")}`,
    "app.log": `connected with password ***\n${added("app.log")}`,
    "proc/77/environ": `HOME=/home/app\0${added("environ").replaceAll("\n", "\0")}`,
  });
  const layer = tarOf({ "app/main.py": `import os\n${added("layer")}`, "bin/app": "\0\0" });
  await writeFile(
    join(folder.path, "api.tar"),
    savedImage([gzipSync(layer)], { Env: ["PORT=80"] }),
  );
  const login = (given: string | undefined): string =>
    Buffer.from((given ?? "").replace("Basic ", ""), "base64").toString("utf8");
  const stub = await startWebStub(
    [],
    [
      {
        when: "GET /login",
        answer: ({ headers }) => {
          const line = `GET /login ${login(headers.authorization)}`;
          const rule = rules.find(({ when }) => when === line);
          return rule ?? { status: 401, reply: "" };
        },
      },
    ],
  );
  return {
    service: {
      kind: "secrets",
      files: [join(folder.path, "config")],
      logs: [join(folder.path, "app.log")],
      images: [join(folder.path, "api.tar")],
      pids: [77],
      procRoot: join(folder.path, "proc"),
      planted: ["${env:PLANTED}"],
      logins: [{ url: `${stub.url}/login` }],
    },
    secrets: { PLANTED: planted },
    async [Symbol.asyncDispose]() {
      await stub[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
