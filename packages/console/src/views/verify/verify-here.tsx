import { type VerifyResult, verifyWithoutViews } from "@loadline/contract/browser";
import { useId, useState } from "preact/hooks";
import { Notice } from "../../parts/notice.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";

/** A bundle is at most 1 GiB; a page reads less of it than the command does. */
const bundleBytesMax = 268_435_456;

/** What the page found, or why it could not look. */
type Finding =
  | { readonly state: "idle" }
  | { readonly state: "reading" }
  | { readonly state: "refused"; readonly why: string }
  | { readonly state: "done"; readonly result: VerifyResult; readonly sameHead: boolean | null };

/** Not an attribute of the standard, so not one of the JSX types either. */
const takesFolder = (input: HTMLInputElement | null): void =>
  input?.setAttribute("webkitdirectory", "");

const words = { 0: "equal", 1: "differs", 2: "incomplete", 3: "unreadable" } as const;

/** Chain, plan, artefacts and fold of the chosen run folder, recomputed in this page. */
export function VerifyHere({ chainHead }: { readonly chainHead: string }) {
  const id = useId();
  const [finding, setFinding] = useState<Finding>({ state: "idle" });
  const choose = async (list: FileList | null): Promise<void> => {
    if (list === null || list.length === 0) return;
    setFinding({ state: "reading" });
    setFinding(await verifyFiles([...list], chainHead));
  };
  return (
    <div class="verify">
      <label for={id}>Verify here: choose the run's folder</label>{" "}
      <input
        id={id}
        type="file"
        multiple
        ref={takesFolder}
        onChange={(event) => void choose(event.currentTarget.files)}
      />
      <div role="status">
        <VerifyFinding finding={finding} />
      </div>
      <p class="muted">
        Nothing leaves this page. It shows that figures follow from records; only{" "}
        <code>loadline verify</code>, run by you, counts, since a changed report could show
        anything.
      </p>
    </div>
  );
}

function VerifyFinding({ finding }: { readonly finding: Finding }) {
  if (finding.state === "idle") return null;
  if (finding.state === "reading") return <p>Recomputing.</p>;
  if (finding.state === "refused") return <Notice kind="error">{finding.why}</Notice>;
  const { result, sameHead } = finding;
  return (
    <>
      <p>
        <b>{words[result.exit]}</b>
        {result.firstBadRecord === undefined ? null : (
          <>
            {" "}
            at record <span class="id">#{result.firstBadRecord}</span>
          </>
        )}
        {result.outcome === undefined ? null : <>, recomputed outcome {result.outcome}</>}
      </p>
      {sameHead === false ? (
        <Notice kind="error">This is another bundle than the one this report was made from.</Notice>
      ) : null}
      <ul class="plain-list">
        {result.steps.map((step) => (
          <li key={step.step}>
            <b>{step.ok === null ? "not checked" : step.ok ? "holds" : "broken"}</b> {step.step}{" "}
            {step.code === undefined ? null : <span class="reason">{step.code}</span>}{" "}
            <Untrusted text={step.message} />
          </li>
        ))}
        {result.signatures.map((row, index) => (
          <li key={`signature-${index}`}>
            <b>signature {row.state}</b>{" "}
            <Untrusted text={`${row.says ?? "unread"}, ${row.file}, key ${row.keyId}`} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** The path inside the run folder: without the folder's own name. */
const innerPath = (file: File): string =>
  file.webkitRelativePath.split("/").slice(1).join("/") || file.name;

async function verifyFiles(list: readonly File[], chainHead: string): Promise<Finding> {
  const total = list.reduce((bytes, file) => bytes + file.size, 0);
  if (total > bundleBytesMax) {
    return { state: "refused", why: "The folder is over 256 MiB; use `loadline verify`." };
  }
  if (globalThis.crypto?.subtle === undefined) {
    return { state: "refused", why: "This browser offers no SHA-256 here; use `loadline verify`." };
  }
  try {
    const files = new Map<string, Uint8Array>();
    for (const file of list) files.set(innerPath(file), new Uint8Array(await file.arrayBuffer()));
    const result = await verifyWithoutViews(files, { digest: sha256 });
    return { state: "done", result, sameHead: headOf(files, chainHead) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { state: "refused", why: `The folder could not be read: ${why}` };
  }
}

/** Whether the bundle's last record is the one this report names; null when it has none. */
function headOf(files: ReadonlyMap<string, Uint8Array>, chainHead: string): boolean | null {
  const evidence = files.get("evidence.jsonl");
  if (evidence === undefined) return null;
  return new TextDecoder().decode(evidence.slice(-131_072)).includes(`"hash":"${chainHead}"`);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
