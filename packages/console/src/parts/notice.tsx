import type { ComponentChildren } from "preact";

interface NoticeProps {
  readonly kind: "empty" | "error" | "note";
  readonly children: ComponentChildren;
}

/** A state said in words: why something is empty, cut or broken. */
export const Notice = ({ kind, children }: NoticeProps) => (
  <p class={`notice notice-${kind}`} role={kind === "error" ? "alert" : undefined}>
    {children}
  </p>
);
