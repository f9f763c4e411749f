// Sends one call: credentials, a bound on the whole of it, one class of error, a report for the metrics.
import { systemClock, type Clock } from "#lib/clock";
import { openConnection } from "./connection.ts";
import { ApiError, failureOfAnswer, failureOfThrow, type ApiErrorKind, type ApiFailure } from "./errors.ts";
import type { CallOptions } from "./types.ts";

export type Verb = "get" | "list" | "watch" | "apply" | "patch" | "create" | "delete" | "discover";

export interface RequestReport {
  readonly verb: Verb;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Without its query. */
  readonly path: string;
  /** HTTP status; 0 when there was no answer. */
  readonly code: number;
  readonly failure?: ApiErrorKind;
  /** Until the whole answer was read; for a watch until it was accepted. */
  readonly seconds: number;
}

export interface TransportOptions {
  /** Path of a kubeconfig; otherwise $KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount, in this order. */
  readonly kubeconfig?: string | undefined;
  /** Name of a context in it; otherwise its current one. */
  readonly context?: string | undefined;
  /** Bound of a whole call in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** Connections for requests at most; each watch has one of its own. Default 16. */
  readonly connections?: number;
  readonly userAgent?: string;
  readonly onRequest?: (report: RequestReport) => void;
  readonly clock?: Clock;
}

export interface Call extends CallOptions {
  readonly verb: Verb;
  readonly method: RequestReport["method"];
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
}

export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** An answer whose body goes on for as long as it is wanted. */
export interface Stream {
  readonly body: AsyncIterable<Uint8Array>;
  /** What went wrong while reading, as an ApiError. */
  failure(error: unknown): ApiError;
  fail(failure: ApiFailure): ApiError;
  /** To be called at the end of every stream. Closes the connection unless the body has been read to its end. */
  close(): void;
}

export interface Transport {
  readonly server: string;
  json(call: Call): Promise<Answer>;
  stream(call: Call): Promise<Stream>;
  close(): Promise<void>;
}

/** Throws an Error that says what to do when the kubeconfig cannot be used. No connection is opened yet. */
export const createTransport = (options: TransportOptions): Transport => {
  const { timeoutMs: defaultTimeout = 30_000, userAgent = "kv-responder-operator", onRequest = () => {}, clock = systemClock } = options;
  const connection = openConnection({ kubeconfig: options.kubeconfig, context: options.context, connections: options.connections ?? 16 });
  const underWay = new Set<AbortController>();
  let closed = false;

  /** Aborted by its bound, by the caller's signal and by close(). */
  const begin = ({ signal, timeoutMs = defaultTimeout }: Call) => {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    let expired = false;
    const timer = setTimeout(() => {
      expired = true;
      abort();
    }, timeoutMs);
    underWay.add(controller);
    signal?.addEventListener("abort", abort, { once: true });
    return {
      controller,
      unbound: () => clearTimeout(timer),
      end(): void {
        clearTimeout(timer);
        underWay.delete(controller);
        signal?.removeEventListener("abort", abort);
      },
      failure(error: unknown, status: number): ApiFailure {
        if (expired) return { kind: "timeout", status, reason: "", detail: `no answer within ${timeoutMs} ms` };
        return controller.signal.aborted ? aborted : failureOfThrow(error);
      },
    };
  };

  /** Hands a successful answer to `use`. The call is over when `use` is, unless it is a stream. */
  const send = async <T>(call: Call, use: (body: Body, status: number, attempt: Attempt) => Promise<T>): Promise<T> => {
    const attempted = `${call.verb} ${call.path.replace(/^\/apis?\//, "").replace(/\?.*/, "")}`;
    if (closed || call.signal?.aborted === true) throw new ApiError(attempted, aborted);
    const started = clock.monotonic();
    const attempt: Attempt = { ...begin(call), attempted };
    let status = 0;
    let failure: ApiErrorKind | undefined;
    try {
      const { dispatcher, headers } = await connection.access(call.verb === "watch" ? "watch" : "request").catch((error: unknown) => {
        throw new ApiError(attempted, credentialsFailure(error));
      });
      const answer = await dispatcher.request({
        origin: connection.origin,
        path: `${connection.prefix}${call.path}`,
        method: call.method,
        headers: { ...headers, accept: "application/json", "user-agent": userAgent, ...(call.body && { "content-type": call.contentType ?? "application/json" }) },
        body: call.body ? JSON.stringify(call.body) : null,
        signal: attempt.controller.signal,
        // the attempt's bound covers both, and a watch may be silent for long
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      status = answer.statusCode;
      if (status < 200 || status > 299) {
        const wait = answer.headers["retry-after"];
        throw new ApiError(attempted, failureOfAnswer(status, await answer.body.text(), typeof wait === "string" ? wait : undefined, clock.wall()));
      }
      return await use(answer.body, status, attempt);
    } catch (error) {
      attempt.end();
      const failed = error instanceof ApiError ? error : new ApiError(attempted, attempt.failure(error, status));
      failure = failed.kind;
      throw failed;
    } finally {
      attempt.unbound();
      const path = call.path.replace(/\?.*/, "");
      onRequest({ verb: call.verb, method: call.method, path, code: status, ...(failure && { failure }), seconds: (clock.monotonic() - started) / 1000 });
    }
  };

  return {
    server: connection.origin + connection.prefix,

    json: (call) =>
      send(call, async (body, status, { attempted, end }) => {
        const text = await body.text();
        end();
        try {
          return { status, json: JSON.parse(text) as unknown };
        } catch {
          throw new ApiError(attempted, { kind: "unknown", status, reason: "", detail: "the answer is not JSON" });
        }
      }),

    stream: (call) =>
      send(call, async (body, status, { attempted, controller, end, failure }) => {
        // cut in the middle it emits an error, which its reader has as well
        body.on("error", () => {});
        return {
          body,
          failure: (error) => (error instanceof ApiError ? error : new ApiError(attempted, failure(error, status))),
          fail: (failure) => new ApiError(attempted, failure),
          close() {
            end();
            controller.abort();
          },
        };
      }),

    async close() {
      closed = true;
      for (const controller of underWay) controller.abort();
      await connection.close();
    },
  };
};

interface Attempt {
  readonly attempted: string;
  readonly controller: AbortController;
  readonly unbound: () => void;
  readonly end: () => void;
  readonly failure: (error: unknown, status: number) => ApiFailure;
}

type Body = AsyncIterable<Uint8Array> & { text(): Promise<string>; on(event: "error", listener: () => void): unknown };

const aborted: ApiFailure = { kind: "aborted", status: 0, reason: "", detail: "stopped before the answer came" };

/** A credential plugin's error may quote what it printed, so only a system error's code is told. */
const credentialsFailure = (error: unknown): ApiFailure => {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  return { kind: "credentials", status: 0, reason: code, detail: `credentials of the kubeconfig could not be read${code === "" ? "" : ` (${code})`}` };
};
