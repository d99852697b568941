import { basename } from "node:path";
import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { valueIn } from "../wire/shape.ts";
import { filled, filledOr, isOpen, readCompose } from "./file.ts";

/** A compose file as the project that runs by it. */
export interface ComposeProject {
  /** As `docker compose` names it: by the file, or by its folder. */
  readonly project: string;
  readonly services: readonly string[];
  /** Those that are to have ended well before others start. */
  readonly completed: readonly string[];
  /** Containers of those that are to have more than one. */
  readonly replicas: Readonly<Record<string, number>>;
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

/** How many containers of a service a plain `up` starts, as the file has it. */
const scaleOf = (service: JsonRecord): unknown =>
  valueIn(service, "deploy.replicas") ?? service["scale"];

/** Why a service has no container after a plain `up`; null where it has. */
function absence(service: JsonRecord): string | null {
  const { profiles } = service;
  if (Array.isArray(profiles) && profiles.length > 0) {
    return `of a profile (${profiles.map(String).join(", ")}), so it was left out.`;
  }
  return filled(scaleOf(service)) === "0" ? "scaled to 0, so it was left out." : null;
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
  const scales = file.services
    .filter(([name]) => !out.has(name))
    .map(([name, service]) => [name, scaleOf(service)] as const);
  const ending = new Set(file.services.flatMap(([, service]) => awaited(service)));
  return {
    project: normal(filledOr(file.name, basename(folder))),
    services,
    completed: services.filter((name) => ending.has(name)),
    replicas: Object.fromEntries(
      scales.flatMap(([name, scale]) => {
        const count = Number(filled(scale));
        return Number.isInteger(count) && count > 1 ? [[name, count]] : [];
      }),
    ),
    notes: [
      ...left.map(([name, why]) => `${name}: ${why}`),
      ...scales.flatMap(([name, scale]) =>
        isOpen(scale)
          ? [`${name}: how many containers it has is left open, so one is asked for.`]
          : [],
      ),
      ...file.unread.map((key) => `${key}: not read; services of other files are left out.`),
    ],
  };
}
