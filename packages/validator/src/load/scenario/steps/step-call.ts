import { isRecord } from "@loadline/kit/json";
import type { Answer, At } from "../../clients/asked.ts";
import { kindOf, type Step } from "../../plan/step-schema.ts";
import { Called } from "../called.ts";
import type { Services } from "../services.ts";
import { linkCall } from "./ws-step.ts";
import { compileJson, compileText, fillJson, fillText, type TemplateScope } from "../template.ts";

/** A step that calls a service. Throws for values that cannot be sent. */
export type StepCall = (
  services: Services,
  scope: TemplateScope,
  at: At,
  done: (called: Called) => void,
) => void;

/** Compiles a step of kind mcp, rag or ws; null for the others. */
export function compileCall(step: Step): StepCall | null {
  switch (kindOf(step)) {
    case "mcp":
      return mcpCall(step.mcp ?? { list: true });
    case "rag":
      return ragCall(step.rag ?? {});
    case "ws":
      return wsCall(step.ws ?? "say");
    default:
      return null;
  }
}

function mcpCall(step: NonNullable<Step["mcp"]>): StepCall {
  const { tool, args = {} } = step;
  const filled = compileJson(args);
  return (services, scope, at, done) => {
    const { mcp } = services;
    if (tool === undefined) {
      mcp.list(at, (a) => done(new Called(a.outcome, a.flight, a.result)));
      return;
    }
    const given: unknown = JSON.parse(fillJson(filled, scope));
    mcp.call(tool, isRecord(given) ? given : {}, at, (a) =>
      done(new Called(a.outcome, a.flight, a.result)),
    );
  };
}

function ragCall(step: NonNullable<Step["rag"]>): StepCall {
  const text = compileText(step.ingest?.text ?? "");
  const question = step.query?.question;
  const asked = question === undefined ? null : compileText(question);
  return ({ rag }, scope, at, done) => {
    if (step.ingest !== undefined) {
      rag.ingest(fillText(text, scope), at, (a) => done(calledOf(a)));
      return;
    }
    rag.query(asked === null ? null : fillText(asked, scope), at, (a) =>
      done(new Called(a.outcome, a.flight, { hit: a.hit, foreign: a.foreign })),
    );
  };
}

function wsCall(step: NonNullable<Step["ws"]>): StepCall {
  if (typeof step !== "string") return linkCall(step);
  return ({ rooms }, { vu }, at, done) => {
    if (step === "say") rooms.say(vu, at, (a) => done(calledOf(a)));
    else rooms.call(vu, at, (a) => done(calledOf(a)));
  };
}

const calledOf = ({ outcome, flight }: Answer): Called => new Called(outcome, flight, null);
