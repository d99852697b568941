/** Portkey's gateway, installed outside of the repository and started on loopback. */
import { spawn } from "node:child_process";
import type { Clock } from "@loadline/kit/clock";
import { eventually, freePort } from "@loadline/testkit";
import { installPortkey, portkeyVersion } from "../portkey-install.ts";
import type { Subject, Variant } from "../../../test/conformance/fault-table/subject.ts";

const startDeadlineMs = 20_000;

export interface PortkeyOptions {
  readonly clock: Clock;
  readonly ports: { readonly a: number; readonly b: number; readonly c: number };
  readonly timerMs: number;
}

/** The gateway, or why it cannot be examined here. */
export async function startPortkey(o: PortkeyOptions): Promise<Subject | string> {
  const installed = installPortkey();
  if (typeof installed === "string") return installed;
  const { script, folder } = installed;
  const port = await freePort();
  const child = spawn(process.execPath, [script, `--port=${port}`, "--headless"], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "production" },
    stdio: "ignore",
  });
  const answers = async (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/`).then(
      async (response) => (await response.arrayBuffer()).byteLength >= 0,
      () => child.exitCode !== null,
    );
  try {
    await eventually(o.clock, answers, startDeadlineMs);
  } catch {
    child.kill("SIGKILL");
    return "it did not start";
  }
  if (child.exitCode !== null) return "it did not start";
  return {
    name: `portkey ${portkeyVersion}`,
    isLoadline: false,
    endpoint(variant) {
      const targets = targetsOf(o, variant);
      if (!targets) return undefined;
      const config = { strategy: { mode: "fallback" }, targets };
      const headers = { "x-portkey-config": JSON.stringify(config) };
      return { url: `http://127.0.0.1:${port}`, model: "fault", headers };
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/**
 * For a target that stands alone: with a fallback the table wants B at once. The name is the one its
 * schema knows; an unknown name is dropped without a word, and its own backoff takes the place.
 */
const retry = { attempts: 1, on_status_codes: [429], use_retry_after_header: true };

/** Undefined where it has nothing of the kind: no resume, no early comments, no breaker. */
function targetsOf({ ports, timerMs }: PortkeyOptions, variant: Variant): object[] | undefined {
  const target = (port: number, scheme = "http"): object => ({
    provider: "openai",
    api_key: "unused",
    custom_host: `${scheme}://127.0.0.1:${port}/v1`,
    request_timeout: timerMs,
  });
  switch (variant) {
    case "pair":
    case "timed":
      return [target(ports.a), target(ports.b)];
    case "alone":
      return [{ ...target(ports.a), retry }];
    case "tls":
      return [target(ports.a, "https"), target(ports.b)];
    case "triple":
      return [target(ports.a), target(ports.b), target(ports.c)];
    case "resume":
    case "keep-alive":
    case "breaker":
      return undefined;
  }
}
