/**
 * Data of a plan without shared memory, for the way between processes: what lies on shared memory
 * is copied out, and laid on shared memory again by `reshare`.
 */
interface Unshared {
  readonly $shared: "buffer" | ViewName;
  readonly bytes: Uint8Array;
}

type ViewName = "Float64Array" | "Uint32Array" | "Int32Array" | "Uint8Array";

/** A deep copy that can be sent to another process. */
export function unshare(value: unknown): unknown {
  if (value instanceof SharedArrayBuffer) {
    return { $shared: "buffer", bytes: new Uint8Array(value).slice() } satisfies Unshared;
  }
  if (ArrayBuffer.isView(value)) {
    const name = viewName(value);
    if (name === null || !(value.buffer instanceof SharedArrayBuffer)) return value;
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    return { $shared: name, bytes } satisfies Unshared;
  }
  return walk(value, unshare);
}

/** What was given to `unshare`, on shared memory of this process. */
export function reshare(value: unknown): unknown {
  if (!isUnshared(value)) return walk(value, reshare);
  const buffer = new SharedArrayBuffer(value.bytes.length);
  new Uint8Array(buffer).set(value.bytes);
  return viewOf(value.$shared, buffer);
}

function viewOf(name: Unshared["$shared"], buffer: SharedArrayBuffer): unknown {
  switch (name) {
    case "buffer":
      return buffer;
    case "Float64Array":
      return new Float64Array(buffer);
    case "Uint32Array":
      return new Uint32Array(buffer);
    case "Int32Array":
      return new Int32Array(buffer);
    case "Uint8Array":
      return new Uint8Array(buffer);
  }
}

function walk(value: unknown, each: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => each(one));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, each(one)]));
}

function isUnshared(value: unknown): value is Unshared {
  return typeof value === "object" && value !== null && "$shared" in value && "bytes" in value;
}

function viewName(view: ArrayBufferView): ViewName | null {
  if (view instanceof Float64Array) return "Float64Array";
  if (view instanceof Uint32Array) return "Uint32Array";
  if (view instanceof Int32Array) return "Int32Array";
  return view instanceof Uint8Array ? "Uint8Array" : null;
}
