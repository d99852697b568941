import { type BadInput, post, sound } from "./row.ts";

const json = { status: 400, code: "LL_BODY_INVALID_JSON" } as const;
const field = { status: 400, code: "LL_BODY_FIELD" } as const;
const twice = { status: 400, code: "LL_BODY_DUPLICATE_KEY" } as const;
const deep = 65;
const manyKeys = 10_001;
const overLimit = 140_000;

/** The sound body with more members. */
const also = (members: string): string => sound.replace(/\}$/, `,${members}}`);

const bodies: readonly (Omit<BadInput, "bytes"> & { readonly body: string })[] = [
  { what: "an empty body", body: "", ...json },
  { what: "blanks alone", body: "  \n", ...json },
  { what: "an array", body: `[${sound}]`, ...json },
  { what: "a text", body: '"model"', ...json },
  { what: "null", body: "null", ...json },
  { what: "an object that does not end", body: sound.slice(0, -1), ...json },
  { what: "a trailing comma", body: sound.replace(/\}$/, ",}"), ...json },
  { what: "a comment", body: sound.replace("{", "{/* */"), ...json },
  { what: "single quotes", body: sound.replaceAll('"', "'"), ...json },
  { what: "bare words", body: sound.replace('"model"', "model"), ...json },
  { what: "text after the object", body: `${sound} {}`, ...json },
  { what: "brackets that do not match", body: also('"a":[1}'), ...json },
  { what: "a member name that does not end", body: '{"model', ...json },
  { what: `depth ${deep}`, body: also(`"a":${"[".repeat(deep)}${"]".repeat(deep)}`), ...json },
  {
    what: `${manyKeys} members`,
    body: also(Array.from({ length: manyKeys }, (_, i) => `"k${i}":1`).join(",")),
    ...json,
  },
  { what: "two models", body: also('"model":"n"'), ...twice, param: "model" },
  { what: "two models, one escaped", body: also('"mo\\u0064el":"n"'), ...twice, param: "model" },
  { what: "two message lists", body: also('"messages":[]'), ...twice, param: "messages" },
  { what: "no model", body: '{"messages":[],"max_tokens":5}', ...field, param: "model" },
  { what: "a model that is no text", body: sound.replace('"m"', "7"), ...field, param: "model" },
  { what: "an empty model", body: sound.replace('"m"', '""'), ...field, param: "model" },
  {
    what: "a model of 257 characters",
    body: sound.replace('"m"', `"${"m".repeat(257)}"`),
    ...field,
    param: "model",
  },
  { what: "no messages", body: '{"model":"m","max_tokens":5}', ...field, param: "messages" },
  {
    what: "messages that are no list",
    body: sound.replace(/\[.*\]/, '"hi"'),
    ...field,
    param: "messages",
  },
  { what: "stream as a text", body: also('"stream":"yes"'), ...field, param: "stream" },
  { what: "stream as a number", body: also('"stream":1'), ...field, param: "stream" },
  ...['"5"', "-1", "1.5", "1e9", "{}"].map((value) => ({
    what: `max_tokens ${value}`,
    body: sound.replace('"max_tokens":5', `"max_tokens":${value}`),
    ...field,
    param: "max_tokens",
  })),
  { what: "a user that is no text", body: also('"user":7'), ...field, param: "user" },
  { what: "tools that are no list", body: also('"tools":{}'), ...field, param: "tools" },
  {
    what: "an unknown loadline member",
    body: also('"loadline":{"base":"http://b"}'),
    ...field,
    param: "loadline.base",
  },
  {
    what: "a loadline time that is no number",
    body: also('"loadline":{"timeoutMs":"1s"}'),
    ...field,
    param: "loadline.timeoutMs",
  },
  { what: "loadline as a list", body: also('"loadline":[]'), ...field, param: "loadline" },
  {
    what: "an unknown model",
    body: sound.replace('"m"', '"nobody"'),
    status: 404,
    code: "LL_MODEL_UNKNOWN",
    param: "model",
  },
  {
    what: "a body over its limit",
    body: also(`"a":"${"x".repeat(overLimit)}"`),
    status: 413,
    code: "LL_BODY_TOO_LARGE",
  },
  {
    what: "more tokens than any wait affords",
    body: sound.replace('"m"', '"tight"').replace('"max_tokens":5', '"max_tokens":5000'),
    status: 400,
    code: "LL_LIMIT_TOO_LARGE",
  },
  {
    what: "a model without a price under a money limit",
    body: sound.replace('"m"', '"unpriced"'),
    status: 400,
    code: "LL_BUDGET_PRICE_UNKNOWN",
  },
];

/** Bodies of chat that no other operation has. */
const chatBodies: typeof bodies = [
  { what: "n as a text", body: also('"n":"2"'), ...field, param: "n" },
  { what: "n of 129", body: also('"n":129'), ...field, param: "n" },
  {
    what: "stream options that are no object",
    body: also('"stream":true,"stream_options":[]'),
    ...field,
    param: "stream_options",
  },
  {
    what: "a field that the target's API has not",
    body: also('"logit_bias":{"5":1}').replace('"m"', '"foreign"'),
    status: 400,
    code: "LL_TRANSLATE_UNSUPPORTED",
  },
];

const others: readonly (readonly [path: string, body: string, param: string])[] = [
  ["/v1/embeddings", '{"model":"m"}', "input"],
  ["/v1/embeddings", '{"model":"m","input":7}', "input"],
  ["/v1/embeddings", '{"model":"m","input":{}}', "input"],
  ["/v1/embeddings", '{"model":"m","input":"a","stream":true}', "stream"],
  ["/v1/embeddings", '{"input":"a"}', "model"],
  ["/v1/completions", '{"model":"m"}', "prompt"],
  ["/v1/completions", '{"model":"m","prompt":{}}', "prompt"],
  ["/v1/completions", '{"model":"m","prompt":"a","best_of":"2"}', "best_of"],
  ["/v1/completions", '{"model":"m","prompt":"a","max_tokens":"5"}', "max_tokens"],
  ["/v1/responses", '{"model":"m"}', "input"],
  ["/v1/responses", '{"model":"m","input":null}', "input"],
  ["/v1/responses", '{"model":"m","input":"a","max_output_tokens":-1}', "max_output_tokens"],
  ["/v1/responses", '{"model":"m","input":"a","stream":"yes"}', "stream"],
  ["/v1/messages", '{"model":"m","messages":[]}', "max_tokens"],
];

/** Rows of one member each that only their own operation reads so. */
export const otherRows: readonly BadInput[] = others.map(([path, body, param]) => ({
  what: `${path} of ${body}`,
  bytes: (w) => post(w, body, { path }),
  ...field,
  param,
}));

/** Rows of one body each, for the operation at `path`. */
export function bodyRows(path: string): BadInput[] {
  const all = path.endsWith("/messages") ? bodies : [...bodies, ...chatBodies];
  return all.map(({ body, ...row }) => ({ ...row, bytes: (w) => post(w, body, { path }) }));
}
