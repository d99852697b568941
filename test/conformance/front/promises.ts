import type { Controls } from "../../../packages/gateway/src/controls.ts";
import { chat, sound } from "../smuggling/entry.ts";
import { corpus, refusedAsDocumented } from "../smuggling/laws.ts";
import { startWorld, talk } from "../smuggling/world.ts";

type FrontName = "http1" | "node";
/** What a front with these controls breaks of one promise, in sentences. */
export type Promised = (front: FrontName, controls?: Partial<Controls>) => Promise<string[]>;

const answered =
  (count: number) =>
  (text: string): boolean =>
    (text.match(/HTTP\/1\.1 /g)?.length ?? 0) >= count && text.endsWith("}");

/** A length beside chunks is refused with its documented status, and nothing hidden is served. */
export const refusesTwoFramings: Promised = async (front, controls = {}) => {
  await using world = await startWorld(front, controls);
  const broken: string[] = [];
  for (const entry of corpus.filter(({ what }) => /^(CL\.TE|TE\.CL)/.test(what)))
    for (const sentence of await refusedAsDocumented(world, entry))
      broken.push(`${entry.what}: ${sentence}`);
  return broken;
};

/** Pipelined requests are answered in the order in which they came. */
export const answersInOrder: Promised = async (front, controls = {}) => {
  await using world = await startWorld(front, controls);
  const words = ["first", "second", "third"];
  const bytes = words.map((word) => sound(world.key, word)).join("");
  const { contents } = await talk(world.door, bytes, answered(words.length));
  return contents.join() === words.join() ? [] : [`answered ${contents.join()}`];
};

/** Nothing of a request is left for the next one on its connection: no credential, no body. */
export const keepsNothing: Promised = async (front, controls = {}) => {
  await using world = await startWorld(front, controls);
  const body = chat("without");
  const nobody =
    `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
  const heard = await talk(world.door, sound(world.key, "with") + nobody, answered(2));
  const broken: string[] = [];
  if (heard.statuses.join() !== "200,401") broken.push(`answered ${heard.statuses.join()}`);
  if (world.hits.join() !== "with") broken.push(`sent ${world.hits.join()} upstream`);
  return broken;
};
