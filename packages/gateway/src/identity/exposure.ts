import type { AuditSink } from "../audit-log/events.ts";
import type { ServiceDeps } from "./deps.ts";
import { everyTenant } from "./authorize.ts";
import { parseKey } from "./keys/key-format.ts";

/** What is told of the request in whose URL a credential stood. */
export interface ExposedBy {
  readonly id: string;
  readonly client: { readonly address: string };
  readonly operation: { readonly id: string };
}

const code = "LL_AUTH_IN_URL";
const lookupsMax = 16;

/** Records `key.exposed` with the key's id and tenant, never its secret. */
export function exposure(
  deps: Pick<ServiceDeps, "store"> & { readonly audit: Pick<AuditSink, "record"> },
): (x: ExposedBy, text: string) => void {
  let lookups = 0;
  const record = (x: ExposedBy, id: string, tenant: string): void =>
    deps.audit.record({
      tenant,
      actor: { id: "", kind: "unknown", via: "none", credential: "" },
      action: "key.exposed",
      object: { type: "key", id },
      outcome: "denied",
      code,
      ip: x.client.address,
      requestId: x.id,
      surface: x.operation.id,
    });
  return (x, text) => {
    const id = parseKey(text)?.id ?? "";
    if (id === "" || lookups >= lookupsMax) return record(x, id, everyTenant);
    lookups++;
    // The event is recorded whatever the store says; only its tenant depends on it.
    void deps.store.repositories.keys
      .find(id)
      .then(
        (row) => record(x, id, row?.tenantId ?? everyTenant),
        () => record(x, id, everyTenant),
      )
      .finally(() => void lookups--);
  };
}
