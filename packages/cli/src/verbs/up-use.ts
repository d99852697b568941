import { shellLine } from "@loadline/validator";

export interface UseOptions {
  readonly url: string;
  /** What is said of the key: where it is kept, or itself. */
  readonly label: string;
  /** File of the key, as the user may type it. */
  readonly file: string;
  readonly model: string;
}

/** How the gateway that keeps serving is asked: said only while there is one. */
export function useLines({ url, label, file, model }: UseOptions): string {
  const body = `{"model":"${model}","messages":[{"role":"user","content":"What is a load line?"}]}`;
  return [
    `api key     ${label}`,
    `try         curl ${url}/v1/chat/completions -H "authorization: Bearer $(cat ${shellLine([file])})" \\`,
    `              -H 'content-type: application/json' -d '${body}'`,
    "",
  ].join("\n");
}
