import fc from "fast-check";
import { describe, expect, it } from "vitest";
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

const bytes = Buffer.from("line\nline\n");
const record: FileRecord = {
  id: `file-${"0".repeat(24)}`,
  tenantId: "acme",
  ownerId: "owner",
  filename: "a.txt",
  purpose: "batch",
  bytes: bytes.length,
  createdAt: 1,
  sha256: digestOf(bytes),
};
const zeros = (count: number): Uint8Array => new Uint8Array(count);
const text = fc
  .string({ unit: "binary", minLength: 1, maxLength: 64 })
  .map((s) => s.toWellFormed());

describe("a file's object", () => {
  it("gives back record and bytes, and the record from its beginning alone", () => {
    const object = encodeFile(record, bytes);
    expect(readFile(object)).toEqual({ record, bytes });
    expect(readRecord(object.subarray(0, recordBytesMax))).toEqual(record);
  });

  it("has room for the longest name in its first bytes", () => {
    for (const char of ["\u0001", "\ud83d\ude00", "\uffff"]) {
      const filename = char.repeat(255 / char.length);
      const object = encodeFile({ ...record, filename }, bytes);
      expect(readRecord(object.subarray(0, recordBytesMax)).filename).toBe(filename);
    }
  });

  it("with one byte changed, missing or added is damaged, never given out", () => {
    const object = encodeFile(record, bytes);
    const from = object.indexOf("\n") + 1;
    for (let i = from; i < object.length; i++) {
      const changed = Buffer.from(object);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => readFile(changed)).toThrow(expect.objectContaining({ code: "LL_FILE_DAMAGED" }));
    }
    for (const other of [object.subarray(0, -1), Buffer.concat([object, bytes]), Buffer.alloc(0)])
      expect(() => readFile(other)).toThrow(expect.objectContaining({ code: "LL_FILE_DAMAGED" }));
  });

  it.each(["x", "{}", "null", '{"v":2}', JSON.stringify({ v: 1, ...record, bytes: "1" })])(
    "whose first line is %s is damaged",
    (line) => {
      const object = Buffer.from(`${line}\n`);
      expect(() => readRecord(object)).toThrow(
        expect.objectContaining({ code: "LL_FILE_DAMAGED" }),
      );
    },
  );
});

describe("a file's key", () => {
  it("names id and owner, in segments that every store takes", () => {
    fc.assert(
      fc.property(text, text, (tenantId, ownerId) => {
        const key = keyOf({ ...record, tenantId, ownerId });
        expect(key).toMatch(/^files\/[A-Za-z0-9_-]+\/file-[0-9a-f]{24}_[A-Za-z0-9_-]+$/);
        expect(readKey(key)).toEqual({ id: record.id, ownerId });
      }),
      { seed: 7 },
    );
  });

  it("of one tenant never begins with the prefix of another", () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        fc.pre(one !== other);
        expect(keyOf({ ...record, tenantId: one }).startsWith(prefixOf(other))).toBe(false);
      }),
      { seed: 7 },
    );
  });

  it.each(["", "files/a/x", "files/a/file-1_b", `files/a/${record.id}`])(
    "%j names no file",
    (key) => {
      expect(readKey(key)).toBeUndefined();
    },
  );
});

describe("a file's id", () => {
  it("sorts before that of every earlier file", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 1e9 }), (at, later) => {
        expect(newFileId(at + later, zeros) < newFileId(at, zeros)).toBe(true);
      }),
      { seed: 7 },
    );
  });

  it("is of one form, and nothing else is one", () => {
    expect(isFileId(newFileId(Date.UTC(2030, 0), zeros))).toBe(true);
    for (const other of ["", "file-", "file-../../x", `file-${"0".repeat(23)}`, `x${record.id}`])
      expect(isFileId(other)).toBe(false);
  });
});
