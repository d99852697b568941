import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import { gatewayErrors } from "../errors.ts";
import type { authorize as decide } from "../identity/authorize.ts";
import type { Principal } from "../identity/principal.ts";
import type { Surface } from "../identity/surface.ts";
import type { ObjectCall } from "../objects/metrics.ts";
import { listMax, ObjectFault, type ObjectStore } from "../objects/object-store.ts";
import type { WatchedStore } from "../objects/watched-store.ts";
import {
  digestOf,
  encodeFile,
  type FileRecord,
  isFileId,
  keyOf,
  newFileId,
  prefixOf,
  readFile,
  readKey,
  readRecord,
  recordBytesMax,
} from "./record.ts";
import { Undo, type UndoEnd } from "./undo.ts";
import type { Upload } from "./upload.ts";

/** Largest upload in bytes. */
export const fileBytesMax = 25 * 1024 * 1024;
/** Files of one tenant; uploads that run at the same moment may add one each. */
export const filesMax = listMax;
/** Largest object: a file and its record. */
export const objectBytesMax = fileBytesMax + recordBytesMax;

const readsAtOnce = 8;

/** Who asks, by which surface. */
export interface Asking {
  readonly principal: Principal;
  readonly surface: Pick<Surface, "permission" | "object">;
}

export interface FilePage {
  readonly data: readonly FileRecord[];
  readonly hasMore: boolean;
}

/** Files of tenants. Another tenant's file does not exist; another owner's needs a permission. */
export interface Files {
  /**
   * Keeps an upload. One whose end nobody knows is removed again: `onDoubt` is told `open` before
   * the call rejects, and how that ended later.
   */
  create(by: Asking, upload: Upload, onDoubt: OnDoubt): Promise<FileRecord>;
  /** The newest first; `after` is the id of the last one seen. */
  list(by: Asking, o: { readonly limit: number; readonly after?: string }): Promise<FilePage>;
  find(by: Asking, id: string): Promise<FileRecord>;
  content(by: Asking, id: string): Promise<{ record: FileRecord; bytes: Buffer }>;
  /** `onDoubt` is told `open` where the store may have removed it although the call rejects. */
  remove(by: Asking, id: string, onDoubt: OnDoubt): Promise<void>;
}

/** Told what is known of a file by id whose call ended without the store's word. */
export type OnDoubt = (id: string, end: "open" | UndoEnd) => void;

export interface FilesDeps {
  readonly store: Pick<WatchedStore, "run">;
  readonly clock: Clock;
  readonly random: Random;
  readonly authorize: typeof decide;
  /** Ends what is still tried. */
  readonly signal: AbortSignal;
}

/** Files kept in an object store alone, record and bytes in one object. @throws LL_FILE_*, LL_OBJECT_UNKNOWN, LL_AUTHZ_DENIED */
export function createFiles(deps: FilesDeps): Files {
  const { store, clock, random, authorize, signal } = deps;
  const objects = new Objects(store);
  const undo = new Undo({ clock, signal, remove: (key) => objects.remove(key) });
  const mayUse = ({ principal, surface }: Asking, ownerId: string): Verdict =>
    authorize(principal, surface, { tenantId: principal.tenantId, ownerId });
  /** The key of a file that the caller may use. */
  const keyFor = async (by: Asking, id: string): Promise<string> => {
    const prefix = `${prefixOf(by.principal.tenantId)}${id}_`;
    const [key] = isFileId(id) ? await objects.list(prefix, 1) : [];
    const found = key === undefined ? undefined : readKey(key);
    if (key === undefined || !found) throw gatewayErrors.make("LL_OBJECT_UNKNOWN");
    const verdict = mayUse(by, found.ownerId);
    if (verdict !== "allow") throw gatewayErrors.make(verdict.code);
    return key;
  };
  const read = async (by: Asking, id: string, bytesMax?: number): Promise<Buffer> => {
    const object = await objects.get(await keyFor(by, id), bytesMax);
    if (object === undefined) throw gatewayErrors.make("LL_OBJECT_UNKNOWN");
    return object;
  };
  return {
    async create({ principal }, { filename, purpose, bytes }, onDoubt) {
      const { tenantId, id: ownerId } = principal;
      const kept = await objects.list(prefixOf(tenantId), filesMax);
      if (kept.length >= filesMax) throw gatewayErrors.make("LL_FILE_TOO_MANY");
      const wallMs = clock.wallMs();
      const id = newFileId(wallMs, (count) => random.bytes(count));
      const createdAt = Math.floor(wallMs / 1000);
      const about = { id, tenantId, ownerId, filename, purpose, createdAt };
      const record = { ...about, bytes: bytes.length, sha256: digestOf(bytes) };
      const key = keyOf(record);
      await objects.put(key, encodeFile(record, bytes)).catch((cause: unknown) => {
        if (isDoubtful(cause)) {
          onDoubt(id, "open");
          undo.add(key, (end) => onDoubt(id, end));
        }
        throw cause;
      });
      return record;
    },
    async list(by, { limit, after }) {
      const keys = await objects.list(prefixOf(by.principal.tenantId), filesMax);
      const own = keys.filter((key) => {
        const found = readKey(key);
        if (!found || (after !== undefined && found.id <= after)) return false;
        return mayUse(by, found.ownerId) === "allow";
      });
      return { data: await objects.records(own.slice(0, limit)), hasMore: own.length > limit };
    },
    find: async (by, id) => readRecord(await read(by, id, recordBytesMax)),
    content: async (by, id) => readFile(await read(by, id)),
    async remove(by, id, onDoubt) {
      const key = await keyFor(by, id);
      await objects.remove(key).catch((cause: unknown) => {
        if (isDoubtful(cause)) onDoubt(id, "open");
        throw cause;
      });
    },
  };
}

type Verdict = ReturnType<typeof decide>;

/** The store's calls with our errors. */
class Objects {
  readonly #store: FilesDeps["store"];

  constructor(store: FilesDeps["store"]) {
    this.#store = store;
  }

  list(prefix: string, max: number): Promise<string[]> {
    return this.#run("list", (objects, signal) => objects.list(prefix, max, signal));
  }

  get(key: string, bytesMax?: number): Promise<Buffer | undefined> {
    return this.#run("get", (objects, signal) => objects.get(key, signal, bytesMax));
  }

  put(key: string, bytes: Buffer): Promise<void> {
    return this.#run("put", (objects, signal) => objects.put(key, bytes, signal));
  }

  remove(key: string): Promise<void> {
    return this.#run("remove", (objects, signal) => objects.remove(key, signal));
  }

  /** Of files that are still there: one removed since the listing is left out. */
  async records(keys: readonly string[]): Promise<FileRecord[]> {
    const records: FileRecord[] = [];
    for (let i = 0; i < keys.length; i += readsAtOnce) {
      const some = keys.slice(i, i + readsAtOnce);
      const heads = await Promise.all(some.map((key) => this.get(key, recordBytesMax)));
      for (const head of heads) if (head !== undefined) records.push(readRecord(head));
    }
    return records;
  }

  #run<T>(
    call: ObjectCall,
    run: (objects: ObjectStore, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#store.run(call, run).catch(asOurs);
  }
}

const codes = {
  unreachable: "LL_FILE_STORE_AWAY",
  busy: "LL_FILE_BUSY",
  refused: "LL_FILE_STORE_AWAY",
  full: "LL_FILE_STORE_FULL",
  damaged: "LL_FILE_DAMAGED",
} as const;

/** By the fault that an error of ours was made of. */
function isDoubtful(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof ObjectFault && cause.isDoubtful;
}

/** The store's own words stay in the log. */
function asOurs(cause: unknown): never {
  if (!(cause instanceof ObjectFault)) throw cause;
  throw gatewayErrors.make(codes[cause.kind], undefined, { cause });
}
