import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { askPrometheus, queryPrometheus } from "../wire/prometheus-session.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import { uptimeProbe } from "./prometheus-uptime.ts";
import { versionProbe } from "./version.ts";
import { webAnswers } from "./web-answers.ts";

type PrometheusProbe = StackProbe<ServiceOf<"prometheus">>;

const shared = { kind: "prometheus", needs: ["answers"], checklist: ["R4-02", "R2-58"] } as const;
const buildinfo = "/api/v1/status/buildinfo";
/** A rule is loaded at once and evaluated with its group's interval. */
const unevaluatedTriesMax = 5;

const targets: PrometheusProbe = {
  ...shared,
  check: "targets",
  summary: "every target is up",
  severity: "high",
  claim: (service) => ({
    statement: "every target that it scrapes is up, and each declared job has one",
    category: "Monitoring & Observability",
    rationale: "A target that is down has neither graphs nor alerts.",
    parts: ["all", ...service.jobs.map((job) => `job ${job}`)],
  }),
  saboteur: [
    {
      when: "GET /api/v1/targets",
      reply:
        '{"status":"success","data":{"activeTargets":[{"labels":{"job":"api","instance":"a:1"},"health":"up"},{"labels":{"job":"api","instance":"a:2"},"health":"down","lastError":"connection refused"}]}}',
    },
  ],
  async run(context) {
    const answer = await askPrometheus(context, "/api/v1/targets?state=active");
    const active = recordsIn(answer.json, "data.activeTargets");
    const down = active.filter((target) => target["health"] !== "up");
    const named = down.slice(0, 10).map((target) => {
      const error = textIn(target, "lastError");
      const health = textIn(target, "health");
      return `${textIn(target, "labels.job")} ${textIn(target, "labels.instance")} is ${health}${error === "" ? "" : ` (${error})`}`;
    });
    const seen =
      active.length === 0
        ? "It scrapes nothing."
        : `${active.length - down.length} of ${active.length} targets are up${named.length === 0 ? "" : `: ${named.join("; ")}`}.`;
    const reproduce = answer.curl;
    const ok = active.length > 0 && down.length === 0;
    const jobs = context.service.jobs.map((job): StackSeen => {
      const count = active.filter((target) => textIn(target, "labels.job") === job).length;
      return {
        ok: count > 0,
        seen: `Job ${job} has ${count} targets.`,
        part: `job ${job}`,
        reproduce,
      };
    });
    return [{ ok, seen, raw: named.join("; "), reproduce }, ...jobs];
  },
};

const fresh: PrometheusProbe = {
  ...shared,
  check: "fresh",
  summary: "newest samples are new",
  severity: "high",
  claim: (service) => ({
    statement: `the newest sample of every declared series is at most ${service.freshSeconds} s old`,
    category: "Monitoring & Observability",
    rationale: "A graph that stands still looks like a service that is calm.",
    parts: ["up", ...service.series],
  }),
  saboteur: [
    {
      when: "GET /api/v1/query?query=time()%20-%20timestamp(up)",
      reply:
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"api"},"value":[1,"7200"]}]}}',
    },
  ],
  async run(context) {
    const { series, freshSeconds } = context.service;
    const all: StackSeen[] = [];
    for (const part of ["up", ...series]) {
      const answer = await queryPrometheus(context, `time() - timestamp(${part})`);
      const ages = recordsIn(answer.json, "data.result").map((one) =>
        Number(textIn(one, "value.1")),
      );
      const oldest = Math.max(...ages);
      const ok = ages.length > 0 && oldest <= freshSeconds;
      const seen =
        ages.length === 0
          ? `${part} has no sample of the last minutes.`
          : `${part}: ${ages.length} series, the newest samples are at most ${oldest.toFixed(1)} s old.`;
      all.push({ ok, seen, part, raw: answer.text, reproduce: answer.curl });
    }
    return all;
  },
};

const rules: PrometheusProbe = {
  ...shared,
  check: "rules",
  summary: "rules are loaded and evaluate",
  severity: "high",
  claim: (service) =>
    service.rules.length === 0
      ? null
      : {
          statement: "the declared rules are loaded, and every rule evaluates without an error",
          category: "Monitoring & Observability",
          rationale: "An alert that is not loaded fires for nobody.",
          parts: ["all", ...service.rules],
        },
  saboteur: [
    {
      when: "GET /api/v1/rules",
      reply:
        '{"status":"success","data":{"groups":[{"rules":[{"name":"ApiDown","health":"ok"},{"name":"Broken","health":"err","lastError":"found duplicate series"}]}]}}',
    },
  ],
  async run(context) {
    for (let attempt = 1; ; attempt++) {
      const answer = await askPrometheus(context, "/api/v1/rules");
      const loaded = recordsIn(answer.json, "data.groups").flatMap((one) =>
        recordsIn(one, "rules"),
      );
      const unknown = loaded.filter((rule) => rule["health"] === "unknown");
      if (unknown.length > 0 && attempt < unevaluatedTriesMax) {
        await context.clock.sleep(1_000, context.signal);
        continue;
      }
      const bad = loaded.filter((rule) => rule["health"] !== "ok");
      const said = bad.map((rule) =>
        `${textIn(rule, "name")}: ${textIn(rule, "health")} ${textIn(rule, "lastError")}`.trim(),
      );
      const reproduce = answer.curl;
      const named = context.service.rules.map((part): StackSeen => {
        const ok = loaded.some((rule) => rule["name"] === part);
        return { ok, seen: `${part} is ${ok ? "" : "not "}loaded.`, part, reproduce };
      });
      const seen = `${loaded.length} rules are loaded, ${bad.length} do not evaluate${said.length === 0 ? "" : ` (${said.slice(0, 5).join("; ")})`}.`;
      return [{ ok: loaded.length > 0 && bad.length === 0, seen, reproduce }, ...named];
    }
  },
};

const alertmanagers: PrometheusProbe = {
  ...shared,
  check: "alertmanagers",
  summary: "it knows whom to send alerts to",
  severity: "high",
  claim: ({ alertmanagers: count }) =>
    count === undefined
      ? null
      : {
          statement: `it sends its alerts to ${count} Alertmanagers or more`,
          category: "Monitoring & Observability",
          rationale: "An alert without an Alertmanager reaches nobody.",
        },
  saboteur: [
    {
      when: "GET /api/v1/alertmanagers",
      reply: '{"status":"success","data":{"activeAlertmanagers":[],"droppedAlertmanagers":[]}}',
    },
  ],
  async run(context) {
    const answer = await askPrometheus(context, "/api/v1/alertmanagers");
    const active = recordsIn(answer.json, "data.activeAlertmanagers").map((one) =>
      textIn(one, "url"),
    );
    const seen = `It sends to ${active.length} Alertmanagers${active.length === 0 ? "" : `: ${active.join(", ")}`}.`;
    const ok = active.length >= (context.service.alertmanagers ?? 1);
    return [{ ok, seen, reproduce: answer.curl }];
  },
};

/** Checks of Prometheus, in the order they run. */
export const prometheusProbes: readonly StackProbe[] = [
  webAnswers({
    kind: "prometheus",
    title: "Prometheus",
    path: buildinfo,
    checklist: ["R4-02"],
    rationale: "Without its metrics nobody sees what a service does.",
    read: ({ json }) => {
      const version = valueIn(json, "data.version");
      return typeof version === "string" ? version : null;
    },
    older: [
      // Before 2.14 the page of the server alone told its version, beside what built it.
      {
        path: "/version",
        read: ({ json }) =>
          textIn(json, "revision") !== "" && textIn(json, "goVersion").startsWith("go")
            ? textIn(json, "version") || null
            : null,
      },
      {
        path: "/api/v1/query?query=1",
        read: ({ json }) => (textIn(json, "data.resultType") === "scalar" ? "unknown" : null),
      },
    ],
    saboteur: [{ when: `GET ${buildinfo}`, status: 503, reply: "Service Unavailable" }],
  }),
  versionProbe("prometheus", "answers", [
    { when: `GET ${buildinfo}`, reply: '{"status":"success","data":{"version":"1.8.2"}}' },
  ]),
  targets,
  fresh,
  rules,
  alertmanagers,
  uptimeProbe,
];
