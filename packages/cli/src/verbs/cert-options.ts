import type { OptionSpec } from "../args.ts";

/** Options of `certs`. */
export const certOptions: readonly OptionSpec[] = [
  {
    name: "days",
    value: "N",
    help: "check: good for this long, default 7; ca, issue: until its end, default 1825 and 90",
  },
  {
    name: "alg",
    value: "NAME",
    oneOf: ["ecdsa-p256", "ml-dsa-65"],
    help: "ca, issue: ecdsa-p256 (default) or ml-dsa-65, which browsers do not take yet",
  },
  { name: "name", value: "TEXT", help: "ca: its name, default `Loadline local authority`" },
  { name: "host", value: "A,B", help: "issue: DNS names and addresses, default NAME" },
  { name: "uri", value: "A,B", help: "issue: URI names, such as spiffe://example.org/svc" },
  { name: "client", help: "issue: for a client, not for a server" },
  { name: "out", value: "DIR", help: "ca, issue: where files go, default STATE/certs" },
  { name: "ca", value: "DIR", help: "issue: where ca.crt and ca.key are, default --out" },
];
