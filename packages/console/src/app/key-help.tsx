import type { RefObject } from "preact";
import { reportKeys } from "./keys.ts";

interface KeyHelpProps {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly enabled: boolean;
  onEnabled(enabled: boolean): void;
}

/** The list of keys, with the switch that turns them off. */
export const KeyHelp = ({ dialog, enabled, onEnabled }: KeyHelpProps) => (
  <dialog ref={dialog} aria-label="Keys">
    <h2>Keys</h2>
    <dl class="keys">
      {reportKeys.map(([key, what]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
    <label>
      <input
        type="checkbox"
        checked={enabled}
        onChange={(event) => onEnabled(event.currentTarget.checked)}
      />{" "}
      single keys act
    </label>
    <p>
      <button type="button" onClick={() => dialog.current?.close()}>
        close
      </button>
    </p>
  </dialog>
);
