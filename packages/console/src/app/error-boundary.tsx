import { Component, type ComponentChildren } from "preact";
import { ConsoleError } from "../errors.ts";
import { Notice } from "../parts/notice.tsx";
import { Untrusted } from "../parts/untrusted.tsx";

interface BoundaryProps {
  /** A broken view stays broken until the reader goes elsewhere. */
  readonly place: string;
  readonly children: ComponentChildren;
}

interface BoundaryState {
  readonly message: string | null;
  readonly place: string;
}

/** Keeps a broken view from taking the page along and draws it again on demand; the outcome stands outside of it. */
export class ErrorBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { message: null, place: "" };

  override componentDidCatch(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.setState({ message, place: this.props.place });
  }

  override render() {
    const { message, place } = this.state;
    if (message === null || place !== this.props.place) return this.props.children;
    return (
      <Notice kind="error">
        {new ConsoleError("LL_CONSOLE_VIEW", message).line} Seen: <Untrusted text={message} />{" "}
        <button type="button" onClick={() => this.setState({ message: null })}>
          try again
        </button>
      </Notice>
    );
  }
}
