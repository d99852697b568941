import { chunkEntries, framing } from "./framing.ts";
import { type Entry, sound } from "./entry.ts";
import { headEntries, targetEntries } from "./heads.ts";
import { impatienceMs, talk, type World } from "./world.ts";

/** The whole corpus. */
export const corpus: readonly Entry[] = [
  ...framing,
  ...chunkEntries.map((entry) => ({ ...entry, hasSoundHead: true })),
  ...headEntries,
  ...targetEntries,
];

/**
 * What of the documents an entry breaks when it is sent straight to the gateway, in sentences: its
 * status and code, one answer at most, a closed connection, nothing hidden served.
 */
export async function refusedAsDocumented(world: World, entry: Entry): Promise<string[]> {
  const hits = world.hits.length;
  const authenticated = world.authenticated();
  const isWhole = (text: string): boolean =>
    entry.reads !== undefined && text.includes("\r\n\r\n{");
  const bytes = entry.bytes(world.key, sound(world.key, "hidden"));
  const heard = await talk(world.door, bytes, isWhole, world.patienceMs);
  const broken: string[] = [];
  const statuses = entry.status === 0 ? [] : [entry.status];
  if (heard.statuses.join() !== statuses.join())
    broken.push(`answered ${heard.statuses.join() || "nothing"}, not ${statuses.join()}`);
  if (entry.code !== undefined && !heard.text.includes(entry.code))
    broken.push(`said ${/LL_[A-Z_]+/.exec(heard.text)?.[0] ?? "no code"}, not ${entry.code}`);
  if (entry.reads === undefined && !heard.isClosed) broken.push("kept the connection");
  const reached = world.hits.slice(hits);
  const wanted = entry.reads ? ["outer"] : [];
  if (reached.join() !== wanted.join()) broken.push(`sent ${reached.join()} upstream`);
  if (entry.hasSoundHead !== true && !entry.reads && world.authenticated() !== authenticated)
    broken.push("came as far as authentication");
  return broken;
}

/**
 * What an entry sent through a proxy does to another client of the same kept connection, in
 * sentences. The attacker's hidden request is a whole one; then victims ask on connections of their
 * own, and each must read its own answer, once. A proxy may serve the entry in its own reading.
 */
export async function victimsUnharmed(
  world: World,
  proxyPort: number,
  entry: Entry,
): Promise<string[]> {
  const broken: string[] = [];
  const unmarked = world.unmarked();
  const isAnswered = (text: string): boolean => /\r\n\r\n[^]*\}$/.test(text);
  const bytes = entry.bytes(world.key, sound(world.key, "hidden"));
  const attack = talk(proxyPort, bytes, isAnswered, impatienceMs);
  for (const victim of ["anna", "ben", "cleo"]) {
    const heard = await talk(proxyPort, sound(world.key, victim), isAnswered);
    if (heard.contents.join() !== victim)
      broken.push(`${victim} was answered ${heard.contents.join() || heard.statuses.join()}`);
  }
  const { contents } = await attack;
  const others = contents.filter((content) => content !== "outer" && content !== "hidden");
  if (others.length > 0) broken.push(`the attacker was answered ${others.join()}`);
  if (world.unmarked() !== unmarked) broken.push("a request was read that the proxy never knew of");
  return broken;
}
