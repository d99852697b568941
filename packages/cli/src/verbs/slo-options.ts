import type { OptionSpec } from "../args.ts";

/** Options of `slo`. */
export const sloOptions: readonly OptionSpec[] = [
  {
    name: "objective",
    value: "PERCENT",
    help: "compile without FILE: calls that are promised to succeed, 95 to 99.99, default 99.5",
  },
  {
    name: "job",
    value: "NAME",
    help: "compile without FILE: scrape job of the gateway, default loadline",
  },
  {
    name: "hold",
    value: "SPAN",
    help: "compile without FILE: each alert waits so long instead of its own time, for a trial",
  },
  {
    name: "metrics",
    value: "FILE",
    help: "what GET /metrics answered: check it; lint and compile ask it for series and bounds",
  },
  { name: "history", value: "FILE", help: "budget: one metrics page for each line of this file" },
  {
    name: "format",
    value: "NAME",
    oneOf: ["slo", "openslo"],
    help: "import: form that is printed",
  },
  { name: "runbook", value: "URL", help: "where runbooks are; the id of each SLO is added" },
  { name: "out", value: "DIR", help: "compile: folder for rules, tests, routes and dashboard" },
];
