import { basename } from "node:path";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { valueIn } from "../wire/shape.ts";
import { filled, filledOr, readCompose } from "./file.ts";

/** A compose file as the project that runs by it. */
export interface ComposeProject {
  /** As `docker compose` names it: by the file, or by its folder. */
  readonly project: string;
  readonly services: readonly string[];
  /** Those that are to have ended well before others start. */
  readonly completed: readonly string[];
  /** Services that are left out, one sentence each. */
  readonly notes: readonly string[];
}

const normal = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");

/** Services that one waits for until they have ended well. */
function awaited(service: JsonRecord): string[] {
  const needs = service["depends_on"];
  return Object.entries(isRecord(needs) ? needs : {})
    .filter(([, how]) => valueIn(how, "condition") === "service_completed_successfully")
    .map(([name]) => name);
}

/** Why a service has no container after a plain `up`; null where it has. */
function absence(service: JsonRecord): string | null {
  const { profiles } = service;
  if (Array.isArray(profiles) && profiles.length > 0) {
    return `of a profile (${profiles.map(String).join(", ")}), so it was left out.`;
  }
  const count = filled(valueIn(service, "deploy.replicas") ?? service["scale"]);
  return count === "0" ? "scaled to 0, so it was left out." : null;
}

/** Reads a compose file; `folder` holds it. @throws LL_STACK_COMPOSE */
export function composeProject(text: string, folder: string): ComposeProject {
  const file = readCompose(text);
  const left = file.services.flatMap(([name, service]) => {
    const why = absence(service);
    return why === null ? [] : [[name, why] as const];
  });
  const out = new Set(left.map(([name]) => name));
  const services = file.services.map(([name]) => name).filter((name) => !out.has(name));
  const ending = new Set(file.services.flatMap(([, service]) => awaited(service)));
  return {
    project: normal(filledOr(file.name, basename(folder))),
    services,
    completed: services.filter((name) => ending.has(name)),
    notes: [
      ...left.map(([name, why]) => `${name}: ${why}`),
      ...file.unread.map((key) => `${key}: not read; services of other files are left out.`),
    ],
  };
}
