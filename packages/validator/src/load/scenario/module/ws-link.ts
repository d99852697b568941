import { parseJson } from "@loadline/kit/json";
import { withinMsDefault, type LinkAnswer } from "../../clients/websocket/links.ts";
import type { Reply, WsLink, WsTerms, WsWanted } from "../api.ts";
import { Called } from "../called.ts";
import type { Services } from "../services.ts";
import type { ServiceCaller } from "./service-apis.ts";

/** The answer to a call on a socket; its body is the message. */
class LinkCalled extends Called {
  readonly #message: string;

  constructor({ outcome, flight, text }: LinkAnswer) {
    super(outcome, flight, null);
    this.#message = text ?? "";
  }

  override text(): string {
    return this.#message;
  }

  override json(): unknown {
    return parseJson(this.#message);
  }
}

const textOf = (message: unknown): string =>
  typeof message === "string" ? message : JSON.stringify(message);

/** Only what holds fits; a scenario's own mistake is no message. */
function fitsOf(match: WsWanted["match"]): (text: string) => boolean {
  if (match === undefined) return () => true;
  return (text) => {
    try {
      return match(text);
    } catch {
      // Said in the API: one that throws does not hold.
      return false;
    }
  };
}

function wantedOf(terms: WsWanted | undefined, isFresh: boolean) {
  const { match, withinMs = withinMsDefault } = terms ?? {};
  return { fits: fitsOf(match), withinMs, isFresh };
}

/** Opens a free socket for a module; never rejects for a target's fault. */
export async function openLink(
  services: Services,
  caller: ServiceCaller,
  o: { readonly path: string; readonly terms?: WsTerms },
): Promise<WsLink> {
  const { links } = services;
  const headers = Object.entries(o.terms?.headers ?? {}).flat();
  const place = { vu: caller.vu, path: o.path, headers };
  const called = (start: (done: (answer: LinkAnswer) => void) => void): Promise<Reply> =>
    new Promise((resolve) =>
      start((answer) => {
        const reply = new LinkCalled(answer);
        caller.ended(reply);
        resolve(reply);
      }),
    );
  const { outcome, ok } = await called((done) => links.connect(place, caller.at(o.terms), done));
  return {
    outcome,
    ok,
    send: (message, terms) =>
      called((done) => links.send(place, caller.at(terms), textOf(message), done)),
    ask: (message, terms) =>
      called((done) => {
        const wanted = { ...wantedOf(terms, true), text: textOf(message) };
        links.ask(place, caller.at(terms), wanted, done);
      }),
    receive: (terms) =>
      called((done) => links.receive(place, caller.at(terms), wantedOf(terms, false), done)),
    ping: (terms) =>
      called((done) =>
        links.ping(place, caller.at(terms), terms?.withinMs ?? withinMsDefault, done),
      ),
    close: (terms) => called((done) => links.leave(place, caller.at(terms), done)),
  };
}
