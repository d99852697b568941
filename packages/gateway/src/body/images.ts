import { isRecord, parseJson } from "@loadline/kit/json";
import { keyIndex, type RequestBody } from "./request.ts";

/** Values of `type` that name an image: of chat, of responses, of messages, of vLLM's chat. */
const imageTypes: ReadonlySet<unknown> = new Set([
  "image_url",
  "input_image",
  "computer_screenshot",
  "image",
  "image_embeds",
  "image_pil",
]);
/** Members that make a part of vLLM's chat an image when it says no type. */
const imageKeys = ["image_url", "image_embeds", "image_pil"];
const contentKeys = [keyIndex.messages, keyIndex.input];

/**
 * Images in the messages or the input of a request, however deep and in whatever spelling. The value
 * is parsed: for those alone who have a price for images. Its depth is bounded by the scan.
 */
export function imagesIn({ bytes, scan }: RequestBody): number {
  let images = 0;
  for (const key of contentKeys) {
    const start = scan.starts[key] ?? -1;
    if (start >= 0) images += countIn(parseJson(bytes.toString("utf8", start, scan.ends[key])));
  }
  return images;
}

function countIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + countIn(one), 0);
  if (!isRecord(value)) return 0;
  const { type, input, ...rest } = value;
  const isImage = imageTypes.has(type) || imageKeys.some((key) => (rest[key] ?? null) !== null);
  // What a model gave a tool is shown to it as text.
  const inner = type === "tool_use" ? rest : { ...rest, input };
  return Object.values(inner).reduce<number>((sum, one) => sum + countIn(one), isImage ? 1 : 0);
}
