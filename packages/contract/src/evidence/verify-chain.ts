/** Step 2 of verification: the hash chain of `evidence.jsonl`, each line read once. */
import { canonicalJson } from "./canonical-json.ts";
import { type CanonicalScanner, createScanner } from "./canonical-scan.ts";
import { type AsyncDigest, evidenceDomain, recordBytesMax, toBytes } from "./digest.ts";
import type { Manifest } from "./manifest.ts";
import type { EvidenceRecord } from "./record.ts";
import { parseJson, readRecord } from "./read-record.ts";
import { decodeText, differs, type StepResult } from "./verify-step.ts";

export interface ChainResult extends StepResult {
  /** Records up to the first bad one. */
  readonly records: readonly EvidenceRecord[];
  /** 0-based position of the first bad record. */
  readonly firstBadRecord?: number;
  readonly head: string;
}

/** Lines parsed at once at most: objects of one shape in one array are read faster than alone. */
const batchLinesMax = 64;
/** Bytes of one batch at most; room for the longest record, its line feed and two brackets. */
const batchBytesMax = 256 * 1024;
const lineFeed = 10;
const comma = 44;
const openBracket = 91;
const closeBracket = 93;
const digestLength = 64;
/** `"hash":"`, a digest, `",`. */
const hashMemberLength = digestLength + 10;

const domainBytes = toBytes(evidenceDomain);
const lineAt = domainBytes.length + digestLength;

type Checked = string | null | Promise<string | null>;

/** One line of the log and what it holds. */
interface Line {
  readonly from: number;
  readonly to: number;
  /** Where its member `hash` begins, -1 = unknown. */
  readonly hashAt: number;
  readonly isCanonical: boolean;
  /** Undefined = no JSON. */
  value: unknown;
}

/** Reads the lines one after another; nothing is made twice. */
class Walk {
  readonly records: EvidenceRecord[] = [];
  prev: string;
  readonly #bytes: Uint8Array;
  readonly #digest: AsyncDigest;
  readonly #scanner: CanonicalScanner;
  /** The domain line and room for `prev` and a line. */
  readonly #input = new Uint8Array(lineAt + recordBytesMax);
  readonly #batch = new Uint8Array(batchBytesMax);
  #lines: readonly Line[] = [];
  #taken = 0;
  #at = 0;

  constructor(bytes: Uint8Array, prev: string, digest: AsyncDigest) {
    this.#bytes = bytes;
    this.prev = prev;
    this.#digest = digest;
    this.#scanner = createScanner(bytes);
    this.#input.set(domainBytes);
  }

  /** Takes the next whole line: what is wrong with it, null when it continues the chain. */
  next(): Checked | undefined {
    if (this.#taken === this.#lines.length) {
      this.#lines = this.#read();
      this.#taken = 0;
    }
    const line = this.#lines[this.#taken++];
    return line === undefined ? undefined : this.#check(line);
  }

  /** The lines from here on that surely are canonical, else the next one; none at the end. */
  #read(): readonly Line[] {
    const lines: Line[] = [];
    const begin = this.#at;
    while (lines.length < batchLinesMax && this.#at < this.#bytes.length) {
      const from = this.#at;
      const to = this.#scanner.lineEnd(from);
      if (to === -1 || to - begin > batchBytesMax - 2) break;
      lines.push({ from, to, hashAt: this.#scanner.hashAt, isCanonical: true, value: undefined });
      this.#at = to + 1;
    }
    if (lines.length > 0) {
      this.#parse(lines);
      return lines;
    }
    const to = this.#bytes.indexOf(lineFeed, begin);
    if (to === -1) return [];
    this.#at = to + 1;
    const value = parseJson(decodeText(this.#bytes.subarray(begin, to)));
    return [{ from: begin, to, hashAt: -1, isCanonical: false, value }];
  }

  /** Lines that surely are JSON, parsed as the members of one array. */
  #parse(lines: readonly Line[]): void {
    const batch = this.#batch;
    const begin = lines[0]?.from ?? 0;
    batch.set(this.#bytes.subarray(begin, this.#at), 1);
    batch[0] = openBracket;
    for (const { to } of lines) batch[to - begin + 1] = comma;
    batch[this.#at - begin] = closeBracket;
    const values = parseJson(decodeText(batch.subarray(0, this.#at - begin + 1)), true);
    const list: readonly unknown[] = Array.isArray(values) ? values : [];
    for (const [index, line] of lines.entries()) line.value = list[index];
  }

  #check({ from, to, hashAt, isCanonical, value }: Line): Checked {
    const record = readRecord(value);
    if (!record) return "is not an evidence record";
    const misplaced = this.#place(record);
    if (misplaced !== null) return misplaced;
    const isCut = hashAt !== -1 && record.hash.length === digestLength;
    const cut = isCut ? this.#sliceInput(from, to, hashAt) : null;
    const text = isCanonical && cut !== null ? "" : decodeText(this.#bytes.subarray(from, to));
    const input =
      cut ?? toBytes(evidenceDomain + record.prev + text.replace(`"hash":"${record.hash}",`, ""));
    const given = this.#digest(input);
    const known = isCanonical ? null : text;
    if (typeof given === "string") return this.#accept(record, given, known);
    return given.then((digest) => this.#accept(record, digest, known));
  }

  /** `text` null = known to be canonical. */
  #accept(record: EvidenceRecord, given: string, text: string | null): string | null {
    if (given !== record.hash) return "does not have its hash";
    if (text !== null && canonicalJson(record) !== text) return "is not in canonical form";
    this.records.push(record);
    this.prev = given;
    return null;
  }

  #place(record: EvidenceRecord): string | null {
    const { records } = this;
    const before = records[records.length - 1];
    if (record.seq !== records.length) return `has seq ${record.seq}`;
    if (record.prev !== this.prev) return "does not continue the record before it";
    if (before === undefined) return null;
    if (record.run !== before.run) return "belongs to another run";
    if (record.mono < before.mono) return "goes back in time";
    return before.kind === "run.closed" ? "follows the closing record" : null;
  }

  /**
   * The bytes a record's hash is taken over, put together from those of its line. Null when they
   * do not fit or the link is no digest.
   */
  #sliceInput(from: number, to: number, hashAt: number): Uint8Array | null {
    const input = this.#input;
    const { prev } = this;
    const size = to - from;
    if (size > recordBytesMax || prev.length !== digestLength) return null;
    for (let i = 0; i < digestLength; i++) {
      const unit = prev.charCodeAt(i);
      if (unit > 127) return null;
      input[domainBytes.length + i] = unit;
    }
    input.set(this.#bytes.subarray(from, to), lineAt);
    const memberAt = lineAt + hashAt - from;
    input.copyWithin(memberAt, memberAt + hashMemberLength, lineAt + size);
    return input.subarray(0, lineAt + size - hashMemberLength);
  }
}

function chainEnd(walk: Walk, manifest: Manifest | null, isTorn: boolean): StepResult {
  const { records } = walk;
  if (isTorn) {
    const message = `The last line, record ${records.length}, is torn: the run broke off.`;
    return { ok: null, code: "LL_VERIFY_CHAIN", message };
  }
  if (manifest && manifest.recordCount !== records.length) {
    const message = `${records.length} records of ${manifest.recordCount}.`;
    return differs("LL_VERIFY_CHAIN", message);
  }
  if (manifest && manifest.chainHead !== walk.prev) {
    return differs("LL_VERIFY_CHAIN", "The chain head is not the one of the manifest.");
  }
  if (manifest && records[0] && manifest.run !== records[0].run) {
    return differs("LL_VERIFY_CHAIN", "The run id is not the one of the manifest.");
  }
  if (records.at(-1)?.kind !== "run.closed") {
    const message = `The chain of ${records.length} records has no closing record.`;
    return { ok: null, code: "LL_VERIFY_CHAIN", message };
  }
  return { ok: true, message: `${records.length} records, each hash and link as recorded.` };
}

/** What the first record gives as its link; whether that is the plan is step 3. */
function firstLink(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(lineFeed);
  if (end === -1) return undefined;
  return readRecord(parseJson(decodeText(bytes.subarray(0, end))))?.prev;
}

/** Step 2: seq, prev, hash, run id, time, count and head; names the first bad record. */
export async function verifyChain(
  bytes: Uint8Array,
  manifest: Manifest | null,
  o: { planDigest: string; digest: AsyncDigest },
): Promise<ChainResult> {
  const walk = new Walk(bytes, firstLink(bytes) ?? o.planDigest, o.digest);
  for (
    let checked = walk.next(), index = 0;
    checked !== undefined;
    checked = walk.next(), index++
  ) {
    // A wait only where the digest itself waits: there are a million lines at most.
    const wrong = checked instanceof Promise ? await checked : checked;
    if (wrong === null) continue;
    const bad = differs("LL_VERIFY_CHAIN", `Record ${index} ${wrong}.`);
    return { ...bad, records: walk.records, firstBadRecord: index, head: walk.prev };
  }
  const isTorn = bytes.length > 0 && bytes.at(-1) !== lineFeed;
  const end = chainEnd(walk, manifest, isTorn);
  const at = end.ok === true ? {} : { firstBadRecord: walk.records.length };
  return { ...end, ...at, records: walk.records, head: walk.prev };
}
