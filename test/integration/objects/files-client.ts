/** What an upload, or another call of /v1/files, is answered. */
export interface FileAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
  readonly tookMs: number;
}

const hangMs = 30_000;

/** Calls of /v1/files as the outside sees them. */
export function filesClient(o: { readonly url: string; readonly key: string }) {
  const headers = { authorization: `Bearer ${o.key}` };
  const ask = async (path: string, init: RequestInit = {}): Promise<FileAnswer> => {
    const startMs = performance.now();
    const signal = AbortSignal.timeout(hangMs);
    const answer = await fetch(`${o.url}/v1/files${path}`, { headers, signal, ...init });
    const text = await answer.text();
    const retryAfter = answer.headers.get("retry-after");
    return { status: answer.status, text, retryAfter, tookMs: performance.now() - startMs };
  };
  return {
    ask,
    upload(text: string, name = "f.jsonl"): Promise<FileAnswer> {
      const body = new FormData();
      body.set("purpose", "batch");
      body.set("file", new File([text], name));
      return ask("", { method: "POST", body });
    },
  };
}

/** Id of the file in an answer; empty when there is none. */
export const fileIdOf = (answer: FileAnswer): string =>
  /"id":"(file-[0-9a-f]{24})"/.exec(answer.text)?.[1] ?? "";
