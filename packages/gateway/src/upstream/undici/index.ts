import type { Dispatcher } from "undici";
import { anyAnswer } from "../../egress/answer-rules.ts";
import { connectionBounds, pathOf, requestHeaders, type UpstreamOptions } from "../http1.ts";
import type { Upstream, UpstreamRequest } from "../upstream.ts";
import { type CallTarget, UndiciCall } from "./call.ts";
import { acceptedCodings } from "./decoder.ts";
import { type DispatcherOptions, openDispatcher, type Proxy } from "./dispatcher.ts";
import { Gate } from "./gate.ts";

export interface UndiciUpstreamOptions extends UpstreamOptions {
  /** The target's base URL. */
  readonly url: URL;
  readonly http2: boolean;
  /** Whether answers may come compressed. */
  readonly compression: boolean;
  readonly proxy?: Proxy | undefined;
  readonly lookup?: DispatcherOptions["lookup"];
  readonly onConnection?: DispatcherOptions["onConnection"];
}

/**
 * An OpenAI-shaped upstream over undici: HTTP/2, outbound proxies, compressed answers. Calls, classes
 * of faults and bounds are those of our own client; `connectionsMax` bounds the calls under way.
 */
export function createUndiciUpstream(o: UndiciUpstreamOptions): Upstream {
  const { clock, connectTimeoutMs, connectionsMax } = o;
  const gate = new Gate({ ...connectionBounds, max: connectionsMax, clock });
  /** Begun while undici was being loaded. */
  let early: UndiciCall[] = [];
  let dispatcher: Dispatcher | undefined;
  let missing = "";
  let isClosed = false;
  const dispatch = (call: UndiciCall): void => {
    if (call.isOver || missing !== "") call.lost(isClosed ? "aborted" : "connect", missing);
    else if (dispatcher) dispatcher.dispatch(dispatchOptions(o, call.request), call);
    else early.push(call);
  };
  const sendEarly = (): void => {
    const calls = early;
    early = [];
    for (const call of calls) dispatch(call);
  };
  const opening = openDispatcher(o).then(
    (opened) => {
      dispatcher = opened;
      sendEarly();
    },
    (cause: unknown) => {
      missing = `undici cannot be loaded: ${String(cause)}`;
      sendEarly();
    },
  );
  const target: CallTarget = {
    clock,
    connectTimeoutMs,
    dispatch,
    leave: () => gate.leave(),
    drop: (call) => void gate.drop(call),
    answers: o.answers ?? anyAnswer,
  };
  return {
    keys: o.keys ?? [],
    call(request, sink) {
      const call = new UndiciCall(target, request, sink);
      gate.enter(call);
      return call;
    },
    isReady: () => true,
    async close() {
      isClosed = true;
      missing = "the target was closed";
      gate.close();
      await opening;
      await dispatcher?.destroy();
    },
  };
}

function dispatchOptions(
  o: UndiciUpstreamOptions,
  request: UpstreamRequest,
): Dispatcher.DispatchOptions {
  const isProbe = request.operation === "probe";
  return {
    origin: o.url.origin,
    path: pathOf(o, request),
    method: isProbe ? "GET" : "POST",
    headers: headersOf(o, request),
    ...(!isProbe && { body: request.body }),
  };
}

function headersOf(o: UndiciUpstreamOptions, request: UpstreamRequest): string[] {
  const credential = (request.key ?? o.keys?.[0])?.headers ?? [];
  const accept = request.isStream ? "text/event-stream" : "application/json";
  const base = ["content-type", "application/json", ...o.headers, ...credential, "accept", accept];
  if (o.compression) base.push("accept-encoding", acceptedCodings);
  return requestHeaders(base, request);
}
