// What can go wrong with a call to the API server, classified once, here.

export type ApiErrorKind =
  /** 409: somebody else was faster (resourceVersion or UID precondition). Read again and decide anew. */
  | "conflict"
  /** 409 of a server-side apply without force: another manager holds a field that we set to a different value. */
  | "fieldConflict"
  /** 409: an object of that name exists. */
  | "alreadyExists"
  /** 404: the kind is served but the object (or its namespace) is not there. */
  | "notFound"
  /** 404: the group, version or kind is not served; its CRD is absent. */
  | "missingKind"
  /** 401 */
  | "unauthorized"
  /** 403: RBAC, admission or quota. */
  | "forbidden"
  /** 403: nothing can be created any more because the namespace is being deleted. */
  | "namespaceTerminating"
  /** 400, 415, 422: the same request will fail again. */
  | "invalid"
  /** 410, or a resourceVersion the server does not know: list again. */
  | "gone"
  /** 429 */
  | "throttled"
  /** Any 5xx. */
  | "unavailable"
  /** Refused, reset, TLS, DNS: there was no answer. The write may have happened. */
  | "network"
  /** No whole answer within the bound. The write may have happened. */
  | "timeout"
  /** The caller's signal fired, or the client was closed. */
  | "aborted"
  /** The kubeconfig's credentials could not be obtained. */
  | "credentials"
  /** An answer that is none of the above. */
  | "unknown";

export interface ApiFailure {
  readonly kind: ApiErrorKind;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** metav1.Status reason ("AlreadyExists"), or the network error's code ("ECONNREFUSED"), or "". */
  readonly reason: string;
  /** What the server says: one line, at most 300 characters; never headers, bodies or credentials. */
  readonly detail: string;
  /** The server's Retry-After. */
  readonly retryAfterMs?: number;
}

/** Thrown by every method of the client, and nothing else is. Its message is what was attempted and the detail. */
export class ApiError extends Error implements ApiFailure {
  readonly kind: ApiErrorKind;
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  readonly retryAfterMs?: number;

  /** `attempted`: "apply services a/b". */
  constructor(attempted: string, failure: ApiFailure) {
    super(`${attempted}: ${failure.detail}`);
    this.name = "ApiError";
    this.kind = failure.kind;
    this.status = failure.status;
    this.reason = failure.reason;
    this.detail = failure.detail;
    if (failure.retryAfterMs !== undefined) this.retryAfterMs = failure.retryAfterMs;
  }
}

export const isApiError = (error: unknown, ...kinds: readonly ApiErrorKind[]): error is ApiError =>
  error instanceof ApiError && (kinds.length === 0 || kinds.includes(error.kind));

/** The parts of a metav1.Status that tell failures apart. */
interface StatusObject {
  code?: number;
  reason?: string;
  message?: string;
  details?: { name?: string; retryAfterSeconds?: number; causes?: { reason?: string; field?: string }[] };
}

/** From an answer that is no success. `retryAfter` is the header: seconds, or an HTTP date relative to `nowMs`. */
export const failureOfAnswer = (status: number, body: string, retryAfter?: string, nowMs = 0): ApiFailure => failureOfStatus(parseStatus(status, body), retryAfterMs(retryAfter, nowMs));

/** From the object of an ERROR event in a watch. */
export const failureOfEvent = (object: unknown): ApiFailure => failureOfStatus(isStatus(object) ? object : { message: "ERROR event without a Status" });

/** From what a socket, TLS or the HTTP client threw. */
export const failureOfThrow = (error: unknown): ApiFailure => {
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: "unknown failure" };
  const reason = code ?? "";
  const timedOut = reason === "UND_ERR_HEADERS_TIMEOUT" || reason === "UND_ERR_BODY_TIMEOUT" || reason === "UND_ERR_CONNECT_TIMEOUT" || reason === "ETIMEDOUT";
  return { kind: timedOut ? "timeout" : "network", status: 0, reason, detail: oneLine(message || reason) };
};

const failureOfStatus = (s: StatusObject, retryAfter?: number): ApiFailure => {
  const wait = retryAfter ?? (s.details?.retryAfterSeconds === undefined ? undefined : s.details.retryAfterSeconds * 1000);
  return {
    kind: kindOf(s),
    status: s.code ?? 0,
    reason: s.reason ?? "",
    detail: oneLine(s.message ?? `HTTP ${s.code ?? 0}`),
    ...(wait !== undefined && { retryAfterMs: wait }),
  };
};

const kindOf = (s: StatusObject): ApiErrorKind => {
  const cause = (reason: string): boolean => s.details?.causes?.some((c) => c.reason === reason) === true;
  const code = s.code ?? 0;
  switch (code) {
    case 401:
      return "unauthorized";
    case 403:
      return cause("NamespaceTerminating") ? "namespaceTerminating" : "forbidden";
    case 404:
      // a kind that is not served is answered by the router, which knows no name
      return s.details?.name ? "notFound" : "missingKind";
    case 409:
      if (s.reason === "AlreadyExists") return "alreadyExists";
      return cause("FieldManagerConflict") ? "fieldConflict" : "conflict";
    case 410:
      return "gone";
    case 429:
      return "throttled";
    case 422:
      // the answer to a patch that carries the UID of an object that has been replaced meanwhile
      return s.details?.causes?.some((c) => c.field === "metadata.uid") === true ? "conflict" : "invalid";
    default:
      // an apply with a field that the schema does not know: 500, though it will never succeed (seen with 1.36)
      if (s.message?.startsWith("failed to create typed patch object") === true) return "invalid";
      // the server's etcd was restored to an older state, or this replica lags: only a list helps
      if (cause("ResourceVersionTooLarge")) return "gone";
      if (code >= 500) return "unavailable";
      return code >= 400 ? "invalid" : "unknown";
  }
};

const isStatus = (value: unknown): value is StatusObject => typeof value === "object" && value !== null && "kind" in value && value.kind === "Status";

const parseStatus = (code: number, body: string): StatusObject => {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isStatus(parsed)) return { ...parsed, code };
  } catch {
    // text from a router or a proxy
  }
  return { code, message: `HTTP ${code}${body.length > 0 && body.length < 120 && !body.includes("<") ? ` ${body}` : ""}` };
};

const retryAfterMs = (header: string | undefined, nowMs: number): number | undefined => {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};

const longest = 300;

/** Fit for a condition, an event or a log line. */
const oneLine = (text: string): string => {
  const line = text
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .replaceAll(/bearer \S+/gi, "bearer [redacted]")
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
};
