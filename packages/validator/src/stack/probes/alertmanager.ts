import type { StackContext, StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { type Sink, openSink } from "../wire/sink.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import { orTakeBack, takeBack } from "../wire/take-back.ts";
import { askWeb, lacksRoute, needJson, type WebAnswer } from "../wire/web.ts";
import { LacksFeature, WireFault } from "../wire/fault.ts";
import { versionProbe } from "./version.ts";
import { webAnswers } from "./web-answers.ts";

type AlertmanagerProbe = StackProbe<ServiceOf<"alertmanager">>;
type AlertmanagerContext = StackContext<ServiceOf<"alertmanager">>;
type Labels = Readonly<Record<string, string>>;

const shared = { kind: "alertmanager", needs: ["answers"], checklist: ["R2-58"] } as const;
const status = "/api/v2/status";
/** What versions before 0.16 have in its place. */
const oldStatus = "/api/v1/status";
const markLabel = "loadline_mark";
const lookMs = 100;
const looksMax = 50;
const alertMs = 300_000;
/** Longer than every alert it covers, so that none is told should it be left behind. */
const silenceMs = 2 * alertMs;

const iso = (ms: number): string => new Date(ms).toISOString();

async function post(context: AlertmanagerContext, path: string, json: unknown): Promise<WebAnswer> {
  const answer = await askWeb(context, { method: "POST", path, json });
  if (answer.status === 200) return answer;
  if (lacksRoute(answer)) {
    const version = context.facts.get("version") ?? "";
    throw new LacksFeature(`Alertmanager ${version} takes no POST ${path}, which came with 0.16.`);
  }
  const seen = `POST ${path} answered ${answer.status}`;
  throw new WireFault("protocol", seen, answer.text);
}

/** An alert that ends by itself; `aliveMs` 0 ends it now. */
function sendAlert(context: AlertmanagerContext, labels: Labels, aliveMs: number) {
  const nowMs = context.clock.wallMs();
  const times = { startsAt: iso(nowMs - 1_000), endsAt: iso(nowMs + aliveMs) };
  return post(context, "/api/v2/alerts", [{ labels, ...times }]);
}

/** Nobody is called for alerts of this run until the silence is taken back. */
async function silence(context: AlertmanagerContext, left: Left): Promise<void> {
  const nowMs = context.clock.wallMs();
  const answer = await post(context, "/api/v2/silences", {
    matchers: [{ name: markLabel, value: context.mark, isRegex: false, isEqual: true }],
    startsAt: iso(nowMs),
    endsAt: iso(nowMs + silenceMs),
    createdBy: "loadline",
    comment: "alerts of a route check",
  });
  const id = textIn(answer.json, "silenceID");
  if (id === "") throw new WireFault("protocol", "the silence has no id", answer.text);
  left.silence = id;
  for (let look = 1; look <= looksMax; look++) {
    const seen = await needJson(context, { path: `/api/v2/silence/${encodeURIComponent(id)}` });
    if (textIn(seen.json, "status.state") === "active") return;
    await context.clock.sleep(lookMs, context.signal);
  }
  throw new WireFault("protocol", "the silence did not become active");
}

/** The receivers Alertmanager itself names for an alert of this run. */
async function receiversOf(context: AlertmanagerContext, labels: Labels, receiver: string) {
  const filter = encodeURIComponent(`${markLabel}="${context.mark}"`);
  const path = `/api/v2/alerts?filter=${filter}`;
  for (let look = 1; ; look++) {
    const answer = await needJson(context, { path });
    const alert = recordsIn(answer.json, "").find((one) =>
      Object.entries(labels).every(([name, value]) => valueIn(one, `labels.${name}`) === value),
    );
    const names = recordsIn(alert, "receivers").map((one) => textIn(one, "name"));
    if (names.includes(receiver) || (names.length > 0 && look > 2) || look >= looksMax) {
      return { answer, names };
    }
    await context.clock.sleep(lookMs, context.signal);
  }
}

const partOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");

const routes: AlertmanagerProbe = {
  ...shared,
  check: "routes",
  summary: "who is told of what",
  severity: "high",
  claim: (service) =>
    service.routes.length === 0
      ? null
      : {
          statement: "each declared alert is routed to its receiver",
          category: "Monitoring & Observability",
          rationale: "A page that goes to a mailbox is read on Monday.",
          parts: service.routes.map(({ labels }) => partOf(labels)),
        },
  saboteur: [
    {
      when: "GET /api/v2/alerts",
      reply: '[{"labels":{"severity":"page"},"receivers":[{"name":"nobody"}]}]',
    },
  ],
  async run(context) {
    const all: StackSeen[] = [];
    const left: Left = { silence: "", alert: null };
    const undo = (own: AlertmanagerContext) => end(own, left);
    return await orTakeBack(
      context,
      { left: "silence and alert of a route check", undo },
      async () => {
        await silence(context, left);
        for (const route of context.service.routes) all.push(await routed(context, route, left));
        await end(context, left);
        return all;
      },
    );
  },
};

/** What of a route check is still there. */
interface Left {
  silence: string;
  alert: Labels | null;
}

/** The alert ends before the silence: nobody is called in between. @throws WireFault */
async function end(context: AlertmanagerContext, left: Left): Promise<void> {
  if (left.alert !== null) await sendAlert(context, left.alert, 0);
  left.alert = null;
  if (left.silence === "") return;
  const path = `/api/v2/silence/${encodeURIComponent(left.silence)}`;
  const taken = await askWeb(context, { method: "DELETE", path });
  if (taken.status === 200) left.silence = "";
  else context.note({ silence: left.silence, left: `DELETE answered ${taken.status}` });
}

type Route = AlertmanagerContext["service"]["routes"][number];

async function routed(context: AlertmanagerContext, route: Route, left: Left): Promise<StackSeen> {
  const { labels, receiver } = route;
  const part = partOf(labels);
  const marked = { alertname: "LoadlineRoute", ...labels, [markLabel]: context.mark };
  left.alert = marked;
  await sendAlert(context, marked, alertMs);
  const { answer, names } = await receiversOf(context, labels, receiver);
  const to = names.length === 0 ? "nobody" : names.join(", ");
  const seen = `An alert with ${part} goes to ${to}; ${receiver} is declared.`;
  const raw = answer.text;
  const config = "--config.file=alertmanager.yml";
  const tried = ["amtool", "config", "routes", "test", config, `--verify.receivers=${receiver}`];
  const reproduce = [...tried, ...Object.entries(labels).map(([k, v]) => `${k}=${v}`)];
  await sendAlert(context, marked, 0);
  left.alert = null;
  return { ok: names.includes(receiver), seen, part, raw, reproduce };
}

/** Waits for a delivery that carries the mark; null when the check's time is over. */
async function delivered(context: AlertmanagerContext, sink: Sink): Promise<string | null> {
  for (;;) {
    const found = sink.texts.find((text) => text.includes(context.mark));
    if (found !== undefined) return found;
    if (context.signal.aborted) return null;
    await context.clock.sleep(lookMs);
  }
}

const delivery: AlertmanagerProbe = {
  ...shared,
  check: "delivery",
  summary: "an alert arrives",
  severity: "critical",
  claim: (service) =>
    service.sink === undefined
      ? null
      : {
          statement: `an alert with ${partOf(service.sink.labels)} arrives at its webhook`,
          category: "Monitoring & Observability",
          rationale: "An alert that is routed and not delivered wakes nobody.",
        },
  saboteur: [
    {
      when: 'POST /api/v2/alerts [{"labels":{"alertname":"LoadlineDelivery_',
      reply: "{}",
    },
  ],
  async run(context) {
    const { sink: declared } = context.service;
    if (declared === undefined) return [];
    await using sink = await openSink(declared.listen);
    const labels = {
      // A name of this run is a group of its own: no interval of an older group is waited for.
      alertname: `LoadlineDelivery_${context.mark}`,
      ...declared.labels,
      [markLabel]: `${context.mark}_d`,
    };
    const beganMs = context.clock.monotonicMs();
    const undo = (own: AlertmanagerContext) => sendAlert(own, labels, 0);
    const left = `alert ${labels.alertname}`;
    const { sent, text } = await orTakeBack(context, { left, undo }, async () => {
      const answer = await sendAlert(context, labels, alertMs);
      return { sent: answer, text: await delivered(context, sink) };
    });
    const tookMs = Math.round(context.clock.monotonicMs() - beganMs);
    await takeBack(context, left, undo);
    const reproduce = sent.curl;
    if (text === null) {
      const seen = `No delivery came to ${declared.listen} within ${tookMs} ms.`;
      return [{ ok: false, seen, reproduce }];
    }
    context.note({ service: context.name, deliveredMs: tookMs });
    const seen = `The alert came to ${declared.listen} after ${tookMs} ms.`;
    return [{ ok: true, seen, raw: text, reproduce }];
  },
};

const inOrder = (cluster: string, version: string): string | null =>
  version !== "" && ["ready", "disabled"].includes(cluster) ? version : null;

/** Checks of Alertmanager, in the order they run. */
export const alertmanagerProbes: readonly StackProbe[] = [
  webAnswers({
    kind: "alertmanager",
    title: "Alertmanager",
    path: status,
    checklist: ["R2-58"],
    rationale: "Without it no alert reaches anybody.",
    read: ({ json }) =>
      inOrder(textIn(json, "cluster.status"), textIn(json, "versionInfo.version")),
    older: [
      {
        path: oldStatus,
        // Before 0.15 it had no cluster of this kind, and told of none.
        read: ({ json }) =>
          inOrder(
            textIn(json, "data.clusterStatus.status") || "disabled",
            textIn(json, "data.versionInfo.version"),
          ),
      },
    ],
    saboteur: [
      { when: `GET ${status}`, reply: '{"cluster":{"status":"settling"},"versionInfo":{}}' },
    ],
  }),
  versionProbe("alertmanager", "answers", [
    {
      when: `GET ${status}`,
      reply: '{"cluster":{"status":"ready"},"versionInfo":{"version":"0.15.0"}}',
    },
  ]),
  delivery,
  routes,
];
