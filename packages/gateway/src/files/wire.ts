import type { AuditSink } from "../audit-log/events.ts";
import type { Identity } from "../identity/identity.ts";
import { type ObjectStoresConfig, type ObjectsDeps, openObjects } from "../objects/wire.ts";
import { createFiles, type Files, objectBytesMax } from "./files.ts";

/** What /v1/files needs of a gateway; `files` is undefined where no object store is configured. */
export interface FilesPart {
  readonly files: Files | undefined;
  readonly audit: Pick<AuditSink, "record">;
}

/** Files over the object store of the configuration, closed with the signal. */
export function openFiles(
  config: { readonly stateDir: string; readonly stores: ObjectStoresConfig },
  deps: Omit<ObjectsDeps, "bytesMax" | "stateDir"> & {
    readonly audit: Pick<AuditSink, "record">;
    readonly identity: Pick<Identity, "authorize">;
  },
): FilesPart {
  const { stateDir, stores } = config;
  const { audit, identity } = deps;
  const store = openObjects(stores, { ...deps, stateDir, bytesMax: objectBytesMax });
  const { authorize } = identity;
  return { files: store && createFiles({ ...deps, store, authorize }), audit };
}
