// What one client may ask of the HTTP server: sizes, times and numbers.

export interface HttpLimits {
  readonly headBytes: number;
  readonly headers: number;
  readonly headMs: number;
  /** Head and body. */
  readonly requestMs: number;
  /** Without a byte in either direction while a request is under way: a reader that has gone to sleep. */
  readonly stalledMs: number;
  /** Longer than the idle time of common client pools, so that the client closes first. */
  readonly keepAliveMs: number;
  /** How long a connection that we have ended may go on sending before it is cut. */
  readonly lingerMs: number;
  /** How often the limits in time are looked at: one timer for all connections. */
  readonly checkMs: number;
  readonly connections: number;
  /** Answers of all connections that wait for their clients to read; beyond it the one that waits longest is closed. */
  readonly outputBytes: number;
  /** Requests of one connection that are answered before the others have their turn. */
  readonly requestsPerTurn: number;
}

export const defaultLimits: HttpLimits = {
  headBytes: 8192,
  headers: 64,
  headMs: 5_000,
  requestMs: 10_000,
  stalledMs: 30_000,
  keepAliveMs: 75_000,
  lingerMs: 2_000,
  checkMs: 1_000,
  connections: 10_000,
  outputBytes: 16 * 2 ** 20,
  requestsPerTurn: 128,
};
