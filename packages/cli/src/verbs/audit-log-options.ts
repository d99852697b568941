import type { OptionSpec } from "../args.ts";

/** Options of `audit-log` beside the configuration. */
export const auditLogOptions: readonly OptionSpec[] = [
  {
    name: "heads",
    value: "FILE",
    help: "all but query: signed heads, default auditLog.heads",
  },
  {
    name: "key",
    value: "FILE",
    help: "verify, prove: public key, default audit-key.pub.pem of STATE",
  },
  {
    name: "tenant",
    value: "ID",
    help: "one tenant; default of query and prove: * (platform)",
  },
  { name: "actor", value: "ID", help: "query: who acted" },
  { name: "action", value: "NAME", help: "query: such as key.created" },
  { name: "object", value: "ID", help: "query: what was acted on" },
  { name: "code", value: "CODE", help: "query: why it was denied" },
  { name: "from", value: "TIME", help: "query: from this time on" },
  { name: "to", value: "TIME", help: "query: before this time" },
  { name: "limit", value: "N", help: "query: entries a page, 1 to 1000, default 100" },
  { name: "after", value: "SEQ", help: "query: the page after this entry, oldest first" },
  {
    name: "out",
    value: "FILE",
    help: "export: file to write, heads and checkpoints beside it; prove: file to write",
  },
  { name: "seq", value: "N", help: "prove: that this entry is in the signed log" },
  {
    name: "size",
    value: "N",
    help: "prove: that the log of N entries is the last one's begin",
  },
  {
    name: "check",
    value: "FILE",
    help: "prove: whether this proof holds; needs the key alone",
  },
  { name: "before", value: "DAY", help: "purge: only what is older than this UTC day" },
  { name: "yes", help: "purge: remove what was shown" },
];
