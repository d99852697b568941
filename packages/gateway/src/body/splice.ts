/** Replace the bytes `start` to `end` (exclusive) by `text`; equal offsets insert. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** `bytes` with the edits applied; every other byte is copied unchanged. Spans never overlap. */
export function spliceBytes(bytes: Buffer, edits: readonly Splice[]): Buffer {
  if (edits.length === 0) return bytes;
  const sorted = edits.length === 1 ? edits : edits.toSorted((a, b) => a.start - b.start);
  let size = bytes.length;
  for (const edit of sorted) size += Buffer.byteLength(edit.text) - (edit.end - edit.start);
  const out = Buffer.allocUnsafe(size);
  let from = 0;
  let to = 0;
  for (const edit of sorted) {
    if (edit.start < from) throw new RangeError("edits overlap");
    to += bytes.copy(out, to, from, edit.start);
    to += out.write(edit.text, to);
    from = edit.end;
  }
  bytes.copy(out, to, from);
  return out;
}
