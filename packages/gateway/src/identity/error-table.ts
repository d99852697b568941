import type { ErrorTable } from "@loadline/kit/errors";

const caller = { fault: "caller", retryable: false } as const;
const denied = { ...caller, openaiType: "permission_error" } as const;
const invalid = { ...caller, status: 400, openaiType: "invalid_request_error" } as const;
const unknown = {
  ...caller,
  status: 404,
  exit: 64,
  openaiType: "invalid_request_error",
} as const;
const conflict = { ...unknown, status: 409 } as const;
const field = { ...unknown, status: 400 } as const;

/** Codes of keys, users, roles and the surface registry. */
export const identityErrorTable = {
  LL_AUTH_AMBIGUOUS: {
    ...invalid,
    summary: "The request carries more than one credential.",
    remedy: "Send one key, in `Authorization: Bearer` or in `x-api-key`, once.",
  },
  LL_AUTH_IN_URL: {
    ...invalid,
    summary: "The request's URL carries a credential.",
    remedy: "Send the key in a header, and rotate it: URLs end in logs.",
  },
  LL_AUTH_NOT_YET: {
    ...caller,
    status: 401,
    openaiType: "authentication_error",
    summary: "The API key is not valid yet.",
    remedy: "Wait until its start, which `loadline keys show` prints.",
  },
  LL_AUTH_IP: {
    ...denied,
    status: 403,
    summary: "The API key may not be used from this address.",
    remedy: "Use an address of the key's list, which `loadline keys show` prints.",
  },
  LL_AUTH_BINDING: {
    ...denied,
    status: 403,
    summary: "The API key is bound to a client certificate that this connection did not present.",
    remedy: "Connect with the certificate that `loadline keys show` names, or use another key.",
  },
  LL_AUTH_UNAVAILABLE: {
    status: 503,
    openaiType: "server_error",
    fault: "platform",
    retryable: true,
    summary: "The key cannot be checked now because the store does not answer.",
    remedy: "Try again after Retry-After; /health names the store's state.",
  },
  LL_AUTHZ_DENIED: {
    ...denied,
    status: 403,
    summary: "The credential does not allow this.",
    remedy: "Ask for a key or role that holds it; docs/reference/permissions.md lists them.",
  },
  LL_OBJECT_UNKNOWN: {
    ...caller,
    status: 404,
    openaiType: "invalid_request_error",
    summary: "There is no such object.",
    remedy: "List the objects that exist.",
  },
  LL_KEY_GRANT_EXCEEDS: {
    ...denied,
    status: 403,
    exit: 78,
    summary: "The grant goes beyond what its maker or owner holds.",
    remedy: "Narrow the member named in the message.",
  },
  LL_KEY_UNKNOWN: {
    ...unknown,
    summary: "There is no key with this id.",
    remedy: "`loadline keys list` shows the ids.",
  },
  LL_KEY_REVOKED: {
    ...conflict,
    summary: "The key is revoked and cannot be rotated.",
    remedy: "Make another key with `loadline keys create`.",
  },
  LL_KEY_OVERLAP_ACTIVE: {
    ...conflict,
    summary: "The key already has two live secrets.",
    remedy: "Wait for the overlap to end, or pass --force to end the oldest secret now.",
  },
  LL_KEY_FIELD: {
    ...field,
    summary: "A field of the key is out of its bounds.",
    remedy: "Correct the field named in the message.",
  },
  LL_USER_UNKNOWN: {
    ...unknown,
    summary: "There is no user with this id.",
    remedy: "`loadline users list` shows the ids.",
  },
  LL_USER_EXISTS: {
    ...conflict,
    summary: "There is a user with this issuer and subject already.",
    remedy: "Use the one that `loadline users list` shows, or choose another subject.",
  },
  LL_USER_FIELD: {
    ...field,
    summary: "A field of the user, role or grant is out of its bounds.",
    remedy: "Correct the field named in the message.",
  },
  LL_TENANT_UNKNOWN: {
    ...unknown,
    summary: "There is no tenant with this id.",
    remedy: "Create the tenant first, or use `default`.",
  },
  LL_ROUTE_UNDECLARED: {
    fault: "platform",
    retryable: false,
    exit: 78,
    summary: "An operation lacks its declaration, or a declaration is wrong.",
    remedy: "Declare each one named in the message in the table of operations.",
  },
} as const satisfies ErrorTable;
