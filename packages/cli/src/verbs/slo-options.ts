import type { OptionSpec } from "../args.ts";

/** Options of `slo`. */
export const sloOptions: readonly OptionSpec[] = [
  {
    name: "objective",
    value: "PERCENT",
    help: "compile: calls that are promised to succeed, 95 to 99.99, default 99.5",
  },
  { name: "job", value: "NAME", help: "compile: scrape job of the gateway, default loadline" },
  {
    name: "hold",
    value: "SPAN",
    help: "compile: each alert waits so long instead of its own time, for a trial",
  },
  { name: "metrics", value: "FILE", help: "check: what GET /metrics of the gateway answered" },
];
