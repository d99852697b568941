import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import type { StackProbe, StackSeen } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { type ContainerContext, inspectContainer, runEngine } from "../wire/engine.ts";
import { WireFault } from "../wire/fault.ts";
import { recordsIn, textIn, valueIn } from "../wire/shape.ts";
import { orTakeBack, takeBack } from "../wire/take-back.ts";

type ContainerProbe = StackProbe<ServiceOf<"container">>;

const shared = { kind: "container", checklist: ["R1-11"], severity: "high" } as const;
const category = "Containerization";
const lookMs = 200;
/** An engine names a volume nobody named by such a number. */
const anonymous = /^[0-9a-f]{64}$/;

type Mount = Readonly<Record<string, unknown>>;

/** Why a folder is no volume that a new container gets; null when it is one. */
function mountFault(folder: string, mounts: readonly Mount[]): string | null {
  const mount = mounts.find((one) => textIn(one, "Destination").replace(/\/+$/, "") === folder);
  if (mount === undefined) return "is no mount: it ends with the container";
  const type = textIn(mount, "Type");
  if (type === "tmpfs") return "is kept in memory";
  if (valueIn(mount, "RW") === false) return "is mounted read-only";
  if (type === "volume" && anonymous.test(textIn(mount, "Name"))) {
    return "is a volume without a name, which a new container does not get";
  }
  const source = textIn(mount, "Source");
  const twin = mounts.find((one) => one !== mount && textIn(one, "Source") === source);
  return twin === undefined || source === ""
    ? null
    : `is the same folder as ${textIn(twin, "Destination")}`;
}

const command = ({ service }: ContainerContext): string[] => {
  const words = ["inspect", "--type", "container", "--format", "{{json .Mounts}}"];
  return [service.engine, ...words, service.container];
};

const mounts: ContainerProbe = {
  ...shared,
  check: "mounts",
  summary: "declared volumes are mounted",
  needs: ["running"],
  claim: ({ volumes }) =>
    volumes.length === 0
      ? null
      : {
          statement: "each declared volume is a named mount of its own that can be written",
          category,
          rationale: "A folder that is no volume is empty after the next deployment.",
          parts: [...new Set(volumes)],
        },
  saboteur: [
    {
      when: "inspect",
      reply:
        '{"Mounts":[{"Type":"volume","Name":"0000000000000000000000000000000000000000000000000000000000000001","Source":"/v/1","Destination":"/data","RW":true}]}',
    },
  ],
  async run(context) {
    const all = recordsIn(await inspectContainer(context), "Mounts");
    return [...new Set(context.service.volumes)].map((part): StackSeen => {
      const fault = mountFault(part.replace(/\/+$/, ""), all);
      const seen = `${part} ${fault ?? "is mounted, named and writable"}.`;
      return { ok: fault === null, seen, part, reproduce: command(context) };
    });
  },
};

/** Waits until the container runs again, and is healthy where it says so. */
async function awaitRunning(context: ContainerContext): Promise<void> {
  for (;;) {
    const told = await inspectContainer(context);
    const health = textIn(told, "State.Health.Status");
    if (textIn(told, "State.Status") === "running" && ["", "healthy"].includes(health)) return;
    await context.clock.sleep(lookMs, context.signal);
  }
}

/** The marker as it is in the container; null where it is not there. */
async function readMarker(context: ContainerContext, from: string, to: string) {
  const { container } = context.service;
  try {
    await runEngine(context, ["cp", `${container}:${from}`, to]);
    return await readFile(to, "utf8");
  } catch (error) {
    if (error instanceof WireFault && error.code === "protocol") return null;
    throw error;
  }
}

/** Needs no program of the image but to take the markers back. */
const erase = (context: ContainerContext, paths: readonly string[]): Promise<string> =>
  runEngine(context, ["exec", context.service.container, "rm", "-f", ...paths]);

const kept: ContainerProbe = {
  ...shared,
  check: "volumes",
  summary: "a marker survives a restart",
  needs: ["mounts"],
  claim: ({ volumes, restartable }) =>
    volumes.length === 0 || !restartable
      ? null
      : {
          statement: "a marker in each declared volume is there after a restart",
          category,
          rationale: "A folder that is no volume is empty after the next deployment.",
          parts: [...new Set(volumes)],
        },
  saboteur: [{ when: "restart", reply: "forget" }],
  async run(context) {
    const { container, engine } = context.service;
    const folders = [...new Set(context.service.volumes)];
    using scratch = makeScratchFolder("loadline-marker-");
    const marker = (folder: string): string => `${folder.replace(/\/+$/, "")}/.${context.mark}`;
    const own = join(scratch.path, "marker");
    await writeFile(own, context.mark);
    const markers = folders.map(marker);
    const undo = (to: ContainerContext) => erase(to, markers);
    const left = markers.join(", ");
    const all = await orTakeBack(context, { left, undo }, async () => {
      for (const folder of folders) {
        await runEngine(context, ["cp", own, `${container}:${marker(folder)}`]);
      }
      await runEngine(context, ["restart", container]);
      await awaitRunning(context);
      const seen: StackSeen[] = [];
      for (const [at, part] of folders.entries()) {
        const back = await readMarker(context, marker(part), join(scratch.path, String(at)));
        const how = back === null ? "is gone" : "is another one";
        const ok = back === context.mark;
        const said = `The marker in ${part} ${ok ? "is there" : how} after a restart.`;
        const reproduce = [engine, "cp", `${container}:${marker(part)}`, "-"];
        seen.push({ ok, seen: said, part, reproduce });
      }
      return seen;
    });
    await takeBack(context, left, undo);
    return all;
  },
};

/** Checks of a container's volumes. */
export const containerVolumes: readonly ContainerProbe[] = [mounts, kept];
