import type { Exec, ExecContext, ExecFactory } from "../engine/exec.ts";
import type { Scenario } from "../scenario-types.ts";
import { Http2Sender } from "./http2.ts";

/** The Exec that `create` makes, its requests sent over HTTP/2; the run says so once. */
export async function createHttp2Exec(
  scenario: Scenario,
  context: ExecContext,
  create: ExecFactory,
): Promise<Exec> {
  const sender = new Http2Sender(context);
  if (context.worker === 0) {
    context.event(
      `${context.name} speaks HTTP/2 through Node's own client: each request costs the generator about four times what it costs h2load.`,
    );
  }
  const exec = await create({ ...scenario, http2: false }, { ...context, send: sender.send });
  return {
    start: (it, ended) => exec.start(it, ended),
    close: async () => {
      await exec.close?.();
      sender.close();
    },
  };
}
