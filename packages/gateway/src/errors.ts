import { defineErrors } from "@loadline/kit/errors";
import { adminErrorTable } from "./admin/error-table.ts";
import { auditLogErrorTable } from "./audit-log/error-table.ts";
import { breakerErrorTable } from "./breaker/error-table.ts";
import { egressErrorTable } from "./egress/error-table.ts";
import { fileErrorTable } from "./files/error-table.ts";
import { identityErrorTable } from "./identity/error-table.ts";
import { limitErrorTable } from "./limits/error-table.ts";
import { modelErrorTable } from "./models/error-table.ts";
import { selfProbeErrorTable } from "./self-probe/error-table.ts";
import { snapshotErrorTable } from "./snapshot/error-table.ts";
import { streamErrorTable } from "./stream/error-table.ts";
import { stateErrorTable } from "./state/error-table.ts";
import { tlsErrorTable } from "./tls/error-table.ts";
import { translateErrorTable } from "./translate/error-table.ts";
import { workerErrorTable } from "./workers/error-table.ts";

const invalid = { openaiType: "invalid_request_error", fault: "caller", retryable: false } as const;
const broken = { status: 502, openaiType: "upstream_error", fault: "upstream" } as const;
const refusedConfig = { fault: "caller", retryable: false, exit: 78 } as const;

/** Every code of the gateway, its status and what to do about it. */
export const gatewayErrors = defineErrors({
  ...modelErrorTable,
  ...translateErrorTable,
  ...limitErrorTable,
  ...streamErrorTable,
  ...identityErrorTable,
  ...fileErrorTable,
  ...auditLogErrorTable,
  ...breakerErrorTable,
  ...egressErrorTable,
  ...adminErrorTable,
  ...stateErrorTable,
  ...selfProbeErrorTable,
  ...snapshotErrorTable,
  ...workerErrorTable,
  ...tlsErrorTable,
  LL_HTTP_TARGET: {
    ...invalid,
    status: 400,
    summary: "The request target is not a plain absolute path.",
    remedy: "Send a path such as /v1/models, without dot segments or backslashes.",
  },
  LL_HTTP_HOST: {
    ...invalid,
    status: 400,
    summary: "The Host header is missing, repeated or malformed.",
    remedy: "Send exactly one Host header with a host name and an optional port.",
  },
  LL_HTTP_HEADER: {
    ...invalid,
    status: 400,
    summary: "The request head is malformed or repeats a header that must be single.",
    remedy: "Send each of Authorization, Content-Type and Content-Length once.",
  },
  LL_HTTP_HEAD_TOO_LARGE: {
    ...invalid,
    status: 431,
    summary: "The request head is over its limit.",
    remedy: "Send fewer or shorter headers.",
  },
  LL_HTTP_TIMEOUT: {
    ...invalid,
    status: 408,
    retryable: true,
    summary: "The request did not arrive in time.",
    remedy: "Send head and body without pauses, or raise http.head and http.request.",
  },
  LL_HTTP_EXPECT: {
    ...invalid,
    status: 417,
    summary: "The Expect header asks for something else than 100-continue.",
    remedy: "Remove the Expect header.",
  },
  LL_AUTH_MISSING: {
    ...invalid,
    status: 401,
    openaiType: "authentication_error",
    summary: "No API key was sent.",
    remedy: "Send `Authorization: Bearer <key>`; `loadline keys create` makes a key.",
  },
  LL_AUTH_MALFORMED: {
    ...invalid,
    status: 401,
    openaiType: "authentication_error",
    summary: "The API key is not of the form this gateway makes.",
    remedy: "Check that the whole key was copied; `loadline keys create` makes a new one.",
  },
  LL_AUTH_INVALID: {
    ...invalid,
    status: 401,
    openaiType: "authentication_error",
    summary: "The API key is not known.",
    remedy: "Check the key with `loadline keys list`, or make one with `loadline keys create`.",
  },
  LL_AUTH_EXPIRED: {
    ...invalid,
    status: 401,
    openaiType: "authentication_error",
    summary: "The API key has expired.",
    remedy: "Rotate it with `loadline keys rotate`.",
  },
  LL_AUTH_REVOKED: {
    ...invalid,
    status: 401,
    openaiType: "authentication_error",
    summary: "The API key was revoked.",
    remedy: "Make another key with `loadline keys create`.",
  },
  LL_BODY_TOO_LARGE: {
    ...invalid,
    status: 413,
    summary: "The request body is over its limit.",
    remedy: "Send a smaller body, or raise http.bodyBytesMax.",
  },
  LL_BODY_TYPE: {
    ...invalid,
    status: 415,
    summary: "The request body is not application/json without content encoding.",
    remedy: "Send `Content-Type: application/json` and no Content-Encoding.",
  },
  LL_BODY_INVALID_JSON: {
    ...invalid,
    status: 400,
    summary: "The request body is not a JSON object.",
    remedy: "Correct the body at the byte named in the message.",
  },
  LL_BODY_DUPLICATE_KEY: {
    ...invalid,
    status: 400,
    summary: "A known member occurs twice in the request body.",
    remedy: "Send each member once.",
  },
  LL_BODY_FIELD: {
    ...invalid,
    status: 400,
    summary: "A member of the request is missing or of the wrong type.",
    remedy: "Correct the member named in `param`.",
  },
  LL_BODY_CUT: {
    ...invalid,
    status: 400,
    summary: "The request ended before its body was complete.",
    remedy: "Send as many bytes as Content-Length announces.",
  },
  LL_MODEL_UNKNOWN: {
    ...invalid,
    status: 404,
    summary: "The model is not known here.",
    remedy: "GET /v1/models lists the models.",
  },
  LL_ROUTE_UNKNOWN: {
    ...invalid,
    status: 404,
    summary: "There is no such path.",
    remedy: "Use /v1/chat/completions, /v1/messages, /v1/responses or another path of the docs.",
  },
  LL_ROUTE_METHOD: {
    ...invalid,
    status: 405,
    summary: "The path does not take this method.",
    remedy: "Use a method of the Allow header.",
  },
  LL_ROUTE_NO_TARGET: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "No target of the route takes requests now.",
    remedy: "Look at /health for the state of the targets.",
  },
  LL_ROUTE_UNSUPPORTED: {
    ...invalid,
    status: 400,
    summary: "No target of this route serves the operation.",
    remedy: "Choose a model whose targets serve it.",
  },
  LL_UPSTREAM_FAILED: {
    ...broken,
    retryable: true,
    summary: "The upstream did not give a usable answer.",
    remedy: "Try again; error.loadline.attempts names what each target did.",
  },
  LL_UPSTREAM_TIMEOUT: {
    ...broken,
    status: 504,
    retryable: true,
    summary: "The upstream did not answer in time.",
    remedy: "Try again, or raise the route's timeouts.",
  },
  LL_UPSTREAM_AUTH: {
    ...broken,
    retryable: false,
    summary: "The upstream refused the gateway's own credentials.",
    remedy: "Correct targets.<name>.keys.",
  },
  LL_UPSTREAM_BUSY: {
    status: 429,
    openaiType: "rate_limit_error",
    fault: "upstream",
    retryable: true,
    summary: "Every upstream of the route is over its rate limit.",
    remedy: "Wait as long as Retry-After says.",
  },
  LL_SERVER_DRAINING: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "This gateway is shutting down.",
    remedy: "Send the request again; another instance takes it.",
  },
  LL_SERVER_OVERLOADED: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "This gateway cannot keep up: its event loop is over 100 ms late for a second.",
    remedy: "Send it again after Retry-After; run more workers or replicas.",
  },
  LL_SERVER_STAGE_MISSING: {
    fault: "platform",
    retryable: false,
    summary: "A stage that requests have to pass is not on their way.",
    remedy:
      "Compare `loadline serve --explain` with the reasons of /readyz and restart the gateway.",
  },
  LL_SERVER_PORT_IN_USE: {
    ...refusedConfig,
    summary: "The address is in use.",
    remedy: "Choose another port with listen.port or --port, or stop the other process.",
  },
  LL_SERVER_LISTEN: {
    ...refusedConfig,
    summary: "The address cannot be listened on.",
    remedy: "Correct listen.host and listen.port.",
  },
  LL_STATE_LOCKED: {
    ...refusedConfig,
    summary: "Another process uses the state directory.",
    remedy: "Stop that process, or choose another directory with --state.",
  },
  LL_STATE_UNUSABLE: {
    ...refusedConfig,
    summary: "The state directory cannot be used.",
    remedy: "Check that the directory is writable and has free space.",
  },
  LL_STATE_CORRUPT: {
    ...refusedConfig,
    summary: "The state database is damaged or not ours.",
    remedy:
      "Stop what uses it and restore a copy by the command in the message, or choose an empty directory with --state. What was written after the copy is lost: keys revoked since are good again.",
  },
  LL_STATE_SCHEMA_NEWER: {
    ...refusedConfig,
    summary: "The state was written by a newer version.",
    remedy: "Start that version, or choose another directory with --state.",
  },
  LL_STATE_PEPPER: {
    ...refusedConfig,
    summary: "The pepper file is missing, damaged or readable by others.",
    remedy: "Restore the file `pepper` beside loadline.db, with mode 0600.",
  },
  LL_CONFIG_FILE: {
    ...refusedConfig,
    summary: "The configuration file cannot be read.",
    remedy: "Check the path and its permissions.",
  },
  LL_CONFIG_SYNTAX: {
    ...refusedConfig,
    summary: "The configuration file is not valid YAML.",
    remedy: "Correct the line named in the message.",
  },
  LL_CONFIG_UNKNOWN_KEY: {
    ...refusedConfig,
    summary: "The configuration has a key that does not exist.",
    remedy: "Correct or remove the key; `loadline config schema` lists the keys.",
  },
  LL_CONFIG_INVALID: {
    ...refusedConfig,
    summary: "A configuration value is not allowed.",
    remedy: "Correct the value; `loadline config schema` gives its bounds.",
  },
  LL_CONFIG_SECRET: {
    ...refusedConfig,
    summary: "A secret is not a reference, or its reference cannot be resolved.",
    remedy: "Write ${env:NAME} or ${file:PATH} and provide the value there.",
  },
  LL_INTERNAL_UNEXPECTED: {
    status: 500,
    openaiType: "server_error",
    fault: "platform",
    retryable: false,
    exit: 3,
    summary: "Something unforeseen happened.",
    remedy: "Report the request id with the gateway's log of that time.",
  },
});

export type GatewayErrorCode = keyof typeof gatewayErrors.table;

/** Status of a code; 500 where its row has none. */
export function statusOf(code: GatewayErrorCode): number {
  const row = gatewayErrors.table[code];
  return "status" in row ? row.status : 500;
}
