import { parseJson } from "@loadline/kit/json";
import { type LinkAnswer, withinMsDefault } from "../../clients/websocket/links.ts";
import type { WsStep } from "../../plan/step-schema.ts";
import { Called } from "../called.ts";
import { compileJson, compileText, fillJson, fillText, type TemplateScope } from "../template.ts";
import type { StepCall } from "./step-call.ts";

/** What a step sends: a text as it is, all else as JSON. */
function messageOf(message: unknown): (scope: TemplateScope) => string {
  if (typeof message === "string") {
    const text = compileText(message);
    return (scope) => fillText(text, scope);
  }
  const json = compileJson(message);
  return (scope) => fillJson(json, scope);
}

/** The message as checks see it: JSON where it is some, else a text. */
function resultOf(text: string | null): unknown {
  if (text === null) return null;
  const value = parseJson(text);
  return value === undefined ? text : value;
}

/** Compiles a step on a socket of the scenario's own. */
export function linkCall(step: WsStep): StepCall {
  const { path, headers = {}, within: withinMs = withinMsDefault } = step;
  const where = compileText(path);
  const flat = Object.entries(headers).map(([name, value]) => [name, compileText(value)] as const);
  const contained = compileText(step.contains ?? "");
  const message = messageOf(step.send ?? step.ask ?? "");
  return ({ links }, scope, at, done) => {
    const given = flat.flatMap(([name, value]) => [name, fillText(value, scope)]);
    const place = { vu: scope.vu, path: fillText(where, scope), headers: given };
    const ended = ({ outcome, flight, text }: LinkAnswer): void =>
      done(new Called(outcome, flight, resultOf(text)));
    const part = fillText(contained, scope);
    const fits = (text: string): boolean => text.includes(part);
    if (step.connect === true) links.connect(place, at, ended);
    else if (step.close === true) links.leave(place, at, ended);
    else if (step.ping === true) links.ping(place, at, withinMs, ended);
    else if (step.send !== undefined) links.send(place, at, message(scope), ended);
    else if (step.receive === true) {
      links.receive(place, at, { fits, withinMs, isFresh: false }, ended);
    } else {
      const text = message(scope);
      links.ask(place, at, { fits, withinMs, isFresh: true, text }, ended);
    }
  };
}
