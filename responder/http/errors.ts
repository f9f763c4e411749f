// The one table of errors that HTTP clients can meet. The code is stable: clients may switch on it; titles may improve.

export const errors = {
  bad_request: { status: 400, title: "The request could not be read." },
  invalid_key: { status: 400, title: "The key must be one path segment of 1 to 512 bytes, percent-encoded." },
  invalid_ttl: { status: 400, title: "KV-TTL must be a whole number of seconds, 1 to 315360000." },
  invalid_content_type: { status: 400, title: "Content-Type must be at most 255 printable ASCII characters." },
  invalid_precondition: { status: 400, title: "If-Match and If-None-Match take * or a list of quoted ETags." },
  invalid_ack: { status: 400, title: "KV-Ack must be local, one or all; the write was not done." },
  invalid_min_version: { status: 400, title: "KV-Min-Version must be one version: 24 lower-case hex digits, as an ETag has them, with its quotes or without." },
  invalid_body: { status: 400, title: "The body is not the JSON that this path takes; nothing was done." },
  invalid_prefix: { status: 400, title: "The prefix must be at most 512 bytes, percent-encoded; deleting asks for one, an empty one included (prefix=)." },
  invalid_cursor: { status: 400, title: "The cursor must be one that a page of this list gave." },
  invalid_limit: { status: 400, title: "The limit must be a whole number, 1 to 1000." },
  invalid_query: { status: 400, title: "A parameter of the query is unknown or repeated." },
  unauthorized: { status: 401, title: "This cache asks for a valid token: Authorization: Bearer <token>." },
  not_found: { status: 404, title: "There is nothing at this path." },
  key_not_found: { status: 404, title: "No entry has this key." },
  method_not_allowed: { status: 405, title: "This path does not support this method; the Allow header lists those it does." },
  request_timeout: { status: 408, title: "The request did not arrive in time." },
  not_an_integer: { status: 409, title: "The value is not a decimal 64-bit integer." },
  overflow: { status: 409, title: "The sum does not fit a signed 64-bit integer; the value is unchanged." },
  precondition_failed: { status: 412, title: "The entry is not in the state that If-Match or If-None-Match asks for." },
  value_too_large: { status: 413, title: "The value is larger than this cache accepts." },
  batch_too_large: { status: 413, title: "The batch is larger than 1 MiB; send it in parts, and large values with PUT." },
  batch_full: { status: 413, title: "The values of this batch are more than 1 MiB; get this one by itself." },
  unsupported_media_type: { status: 415, title: "The body must be JSON: Content-Type: application/json." },
  too_many_failures: { status: 429, title: "Too many invalid tokens came from this address; wait before the next try." },
  headers_too_large: { status: 431, title: "The request's head must have at most 8 KiB and 64 headers." },
  internal: { status: 500, title: "The request failed; the log of the pod says why." },
  busy: { status: 503, title: "Too many bytes are being written at once; try again in a moment." },
  not_acknowledged: { status: 504, title: "The write is done at this pod, but too few peers have acknowledged it in time." },
  version_not_reached: { status: 504, title: "This pod has not learned of that version of the key in time; ask again, or ask the pod that wrote it." },
  out_of_memory: { status: 507, title: "The cache is full and its policy evicts nothing; delete entries or raise spec.cache.maxMemory." },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ErrorCode = keyof typeof errors;

export const problemType = "application/problem+json";

/**
 * An RFC 9457 problem. `detail` says what is wrong with this very request; it never repeats a key or a value.
 * `answer`: of a request that was done all the same, the body that it would have been answered with.
 */
export const problemBody = (code: ErrorCode, detail?: string, answer?: unknown): string => {
  const { status, title } = errors[code];
  return `${JSON.stringify({ title, status, code, detail, answer })}\n`;
};

interface ProblemOptions {
  readonly detail?: string | undefined;
  readonly answer?: unknown;
  readonly headers?: Record<string, string>;
}

export const problem = (code: ErrorCode, { detail, answer, headers = {} }: ProblemOptions = {}): Response =>
  new Response(problemBody(code, detail, answer), { status: errors[code].status, headers: { "content-type": problemType, ...headers } });
