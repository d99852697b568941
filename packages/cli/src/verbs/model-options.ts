import type { OptionSpec } from "../args.ts";

/** Options of `models`: which gateway is asked, with which key. */
export const modelOptions: readonly OptionSpec[] = [
  { name: "url", value: "URL", help: "the gateway, default http://127.0.0.1:8080" },
  { name: "key-env", value: "NAME", help: "variable of a platform key, default LOADLINE_API_KEY" },
];
