import { alertNames, sloLabels } from "./prometheus.ts";
import type { Receiver, Slo, SloDocument } from "./model.ts";

/** Receivers where a file names none: they deliver nowhere, and the compilation says so. */
export const nobody = "nobody";

/** What an alert says of itself, which Alertmanager's own message to a chat leaves out. */
const summaries = "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ end }}";

/** One routing that a file of Alertmanager has to give. */
export interface RoutingCase {
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the receivers that hear of it, in the order of the routes. */
  readonly receivers: readonly string[];
}

interface Route {
  readonly receiver: string;
  readonly matchers: readonly string[];
  readonly continue?: true;
}

type Routed = Pick<SloDocument, "slos" | "receivers">;

/** Who hears of a page first: a pager if there is one; of a ticket: a chat. */
function receiverFor(receivers: readonly Receiver[], severity: "page" | "ticket"): string {
  const order =
    severity === "page"
      ? ["pager", "chat", "webhook", "mail"]
      : ["chat", "mail", "webhook", "pager"];
  const byKind = order.map((kind) => receivers.find((one) => one.kind === kind));
  return byKind.find((one) => one !== undefined)?.name ?? nobody;
}

/** A configuration of Alertmanager, as plain data: routes by severity, a page mutes its ticket. */
export function alertmanagerConfig({ slos, receivers }: Routed): Readonly<Record<string, unknown>> {
  const ticket = receiverFor(receivers, "ticket");
  const all = receivers.length === 0 ? [{ name: nobody }] : receivers.map(receiverConfig);
  return {
    route: {
      receiver: ticket,
      group_by: ["alertname", "sloth_service", "sloth_slo"],
      group_wait: "10s",
      group_interval: "1m",
      repeat_interval: "4h",
      routes: routesOf(slos, receivers),
    },
    inhibit_rules: [
      {
        source_matchers: ['severity="page"'],
        target_matchers: ['severity="ticket"'],
        equal: ["sloth_service", "sloth_slo"],
      },
    ],
    receivers: all,
  };
}

function routesOf(slos: readonly Slo[], receivers: readonly Receiver[]): readonly Route[] {
  const levels = slos.flatMap((slo) =>
    slo.escalation.map(({ to }, index) => ({
      receiver: to,
      matchers: [
        `alertname="${alertNames.escalation}"`,
        `level="${index + 1}"`,
        `sloth_id="${slo.id}"`,
      ],
    })),
  );
  return [
    ...levels,
    { receiver: receiverFor(receivers, "page"), matchers: ['severity="page"'] },
    { receiver: receiverFor(receivers, "ticket"), matchers: ['severity="ticket"'] },
  ];
}

function receiverConfig({ name, kind, to, via }: Receiver): object {
  if (to === undefined) return { name };
  switch (kind) {
    case "chat":
      return {
        name,
        slack_configs: [{ api_url_file: to, send_resolved: true, text: summaries }],
      };
    case "pager":
      return { name, pagerduty_configs: [{ routing_key_file: to, send_resolved: true }] };
    case "mail": {
      const [from, smarthost] = [
        `alerts@${to.split("@")[1] ?? "localhost"}`,
        via ?? "localhost:25",
      ];
      return { name, email_configs: [{ to, from, smarthost, send_resolved: true }] };
    }
    case "webhook":
      return { name, webhook_configs: [{ url: to, send_resolved: true }] };
  }
}

/** Receivers that no address is given for: what goes to them is heard by nobody. */
export function mute({ receivers }: Pick<SloDocument, "receivers">): readonly string[] {
  if (receivers.length === 0) return [nobody];
  return receivers.filter(({ to }) => to === undefined).map(({ name }) => name);
}

/** What the routes have to give for each alert of each SLO. */
export function routingCases({ slos, receivers }: Routed): readonly RoutingCase[] {
  return slos.flatMap((slo) => {
    const labels = sloLabels(slo);
    const levels = slo.escalation.map(({ to }, index) => ({
      labels: {
        ...labels,
        alertname: alertNames.escalation,
        severity: "page",
        level: `${index + 1}`,
      },
      receivers: [to],
    }));
    return [
      {
        labels: { ...labels, alertname: alertNames.burn, severity: "page" },
        receivers: [receiverFor(receivers, "page")],
      },
      ...levels,
      {
        labels: { ...labels, alertname: alertNames.ticket, severity: "ticket" },
        receivers: [receiverFor(receivers, "ticket")],
      },
    ];
  });
}
