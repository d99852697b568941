import type { AuditEvent } from "./events.ts";

const membersMax = 32;
const textCharsMax = 512;
const mask = "***";

/** Names whose value is a secret whatever it looks like. */
const secretName = /secret|passw|token$|apikey|api_key|authorization|cookie|pepper|private/i;

/** Text that looks like a credential: our keys, providers' keys, bearer values, PEM blocks. */
const secretText =
  /\bll_[a-z0-9]{2,8}_[0-9A-Za-z_]{20,}|\b(?:sk|pk|rk|xox[a-z]|gh[a-z]|AIza)[-_][0-9A-Za-z_-]{12,}|\bbearer +\S+|-----BEGIN [A-Z ]+-----/i;

/**
 * What may stand in the log: at most 32 members of detail, texts cut at 512 characters, anything
 * that is or looks like a credential replaced by `***`.
 */
export function redactEvent(event: AuditEvent): AuditEvent {
  const { detail } = event;
  const object = { type: event.object.type, id: redactText(event.object.id) };
  return detail === undefined
    ? { ...event, object }
    : { ...event, object, detail: redactDetail(detail) };
}

function redactDetail(
  detail: NonNullable<AuditEvent["detail"]>,
): NonNullable<AuditEvent["detail"]> {
  const members = Object.entries(detail).slice(0, membersMax);
  return Object.fromEntries(
    members.map(([name, value]) => {
      if (typeof value === "number" && !Number.isFinite(value)) return [name, null];
      if (typeof value !== "string") return [name, value];
      return [name, secretName.test(name) ? mask : redactText(value)];
    }),
  );
}

function redactText(text: string): string {
  if (secretText.test(text)) return mask;
  return text.length > textCharsMax ? `${text.slice(0, textCharsMax)}…` : text;
}
