import { codeOf, LoadlineError } from "@loadline/kit/errors";
import { checkGguf } from "../gguf.ts";
import { fileChecksum, listedChecksum } from "../model-file.ts";
import type { SwapCheck } from "./trial.ts";

/** A file a model can be swapped to. */
export interface Candidate {
  /** Its name in the configuration. */
  readonly name: string;
  readonly path: string;
  /** Lower-case hex; default: what a `SHA256SUMS` beside the file lists. */
  readonly sha256?: string | undefined;
}

export interface CheckedFile {
  readonly check: SwapCheck;
  /** 0 where the file could not be read. */
  readonly bytes: number;
}

const memoryFactor = 1.5;
const mebibyte = 1024 * 1024;

/** Header, tensor table and checksum of a file, read without holding up what else runs. */
export async function checkFile(candidate: Candidate): Promise<CheckedFile> {
  const failed = (detail: string, bytes = 0): CheckedFile => ({
    bytes,
    check: { id: "file", outcome: "failed", detail },
  });
  try {
    const header = checkGguf(candidate.path);
    if (!header.ok) return failed(`${candidate.path}: ${header.reason}`);
    const { bytes } = header;
    const wanted = candidate.sha256 ?? listedChecksum(candidate.path);
    if (wanted === undefined)
      return failed("its SHA-256 is neither configured nor in a SHA256SUMS beside it", bytes);
    const found = await fileChecksum(candidate.path);
    if (found !== wanted) return failed(`SHA-256 ${found} is not ${wanted}`, bytes);
    const detail = `${bytes} bytes, ${header.tensors} tensors, SHA-256 as wanted`;
    return { bytes, check: { id: "file", outcome: "passed", detail } };
  } catch (cause) {
    // What Node says of a file is part of the result; anything else is a fault of ours.
    if (cause instanceof LoadlineError || codeOf(cause, "") === "") throw cause;
    return failed(`${candidate.path} cannot be read (${codeOf(cause)})`);
  }
}

/** Whether 1.5 times a file's size is free. */
export function checkMemory(bytes: number, freeBytes: number): SwapCheck {
  if (bytes === 0)
    return { id: "memory", outcome: "not_tested", detail: "the size of the file is not known" };
  const needed = Math.ceil(bytes * memoryFactor);
  const detail = `${mib(freeBytes)} MiB free, ${mib(needed)} needed`;
  return { id: "memory", outcome: freeBytes >= needed ? "passed" : "failed", detail };
}

const mib = (bytes: number): string => (bytes / mebibyte).toFixed(1);
