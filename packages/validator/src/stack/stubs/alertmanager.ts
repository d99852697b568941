import { createServer } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import type { StackRule } from "../probe.ts";
import { recordsIn, textIn } from "../wire/shape.ts";
import { askWeb } from "../wire/web.ts";
import { listening } from "./listening.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

/** Below the ports that Linux gives to whoever asks for any: nobody gets it before the check does. */
const portMin = 10_000;
const portsCount = 2000;
const triesMax = 50;

async function freePort(): Promise<number> {
  const random = systemRandom();
  for (let tried = 1; ; tried++) {
    try {
      await using door = await listening(createServer(), portMin + random.below(portsCount));
      return door.port;
    } catch (cause) {
      if (tried >= triesMax) throw cause;
    }
  }
}

/** An Alertmanager that routes by severity and delivers what is not of the route check. */
export async function startAlertmanagerTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const listen = `127.0.0.1:${await freePort()}`;
  const clock = systemClock();
  const ending = new AbortController();
  const held = new Map<string, object>();
  const deliver = (text: string): void => {
    const context: Parameters<typeof askWeb>[0] = {
      secret: () => undefined,
      excerpt: (said) => said,
      signal: ending.signal,
      service: { url: `http://${listen}` },
    };
    const json = { status: "firing", alerts: JSON.parse(text) as unknown };
    clock.after(20, () => {
      askWeb(context, { method: "POST", path: "/hook", json }).catch(() => ending.abort());
    });
  };
  const stub = await startWebStub(rules, [
    {
      when: "GET /api/v2/status",
      answer: jsonReply({ cluster: { status: "ready" }, versionInfo: { version: "0.25.0" } }),
    },
    { when: "POST /api/v2/silences", answer: jsonReply({ silenceID: "s-1" }) },
    {
      when: "GET /api/v2/silence/s-1",
      answer: jsonReply({ id: "s-1", status: { state: "active" } }),
    },
    { when: "DELETE /api/v2/silence/s-1", answer: jsonReply({}) },
    {
      when: "POST /api/v2/alerts",
      answer: ({ text }) => {
        const [alert] = recordsIn(JSON.parse(text), "");
        const mark = textIn(alert, "labels.loadline_mark");
        const name = textIn(alert, "labels.severity") === "page" ? "pager" : "mail";
        held.set(mark, { labels: alert?.["labels"], receivers: [{ name }] });
        if (mark.endsWith("_d")) deliver(text);
        return jsonReply({});
      },
    },
    { when: "GET /api/v2/alerts", answer: () => jsonReply([...held.values()]) },
  ]);
  const service = {
    kind: "alertmanager",
    url: stub.url,
    version: "0.25",
    routes: [{ labels: { severity: "page" }, receiver: "pager" }],
    sink: { listen, labels: { severity: "page" } },
  };
  return {
    service,
    secrets: {},
    async [Symbol.asyncDispose]() {
      ending.abort();
      await stub[Symbol.asyncDispose]();
    },
  };
}
