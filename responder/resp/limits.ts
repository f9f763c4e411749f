// What one client, and all clients together, may make the Redis-protocol server hold or do.
import { transitBytes } from "#contract/memory";

export interface RespLimits {
  /** Connections; the next one is told so and closed. */
  readonly connections: number;
  /** Arguments of one command. */
  readonly multibulk: number;
  /** One argument. Values have a lower bound of their own, which costs the command and not the connection. */
  readonly bulkBytes: number;
  /** A line: inline commands, and the lengths before arguments. */
  readonly lineBytes: number;
  /** All arguments of one command but the large ones that are collected outside the heap. */
  readonly frameBytes: number;
  /** Until a client has shown its token. */
  readonly strangerMultibulk: number;
  readonly strangerBulkBytes: number;
  /** Unfinished commands, queued transactions and collected values of all clients together, but room for one value at least; the pod's headroom beyond maxMemory covers it. */
  readonly inputBudgetBytes: number;
  /** One reply, without the values that are sent from where they lie. Replies are not made faster than they are read, so hardly more than one is waiting. */
  readonly replyBytes: number;
  /** Replies that wait for slow readers, of all clients together, with the values that are sent from where they lie; beyond it the largest is closed. */
  readonly outputBudgetBytes: number;
  /** A client that reads nothing for so long while a reply waits is closed. */
  readonly stalledMs: number;
  /** Work done for one connection before the others have their turn. A command is 1, and 1 more for each key and each 4 KiB. */
  readonly workPerTurn: number;
  /** Connections that go on with unfinished work in one turn of the event loop. */
  readonly connectionsPerTurn: number;
  /** Replies are handed to the socket when they reach this size, and then only when the last ones have left. */
  readonly flushBytes: number;
  /** After our FIN the client has so long to close its side. */
  readonly lingerMs: number;
  readonly keepAliveMs: number;
  /** When draining, a connection on which nothing has come for so long is closed; less and less is asked for as time goes by. */
  readonly quietMs: number;
  /** When draining, a client that is never quiet is closed after so long, right after an answer. */
  readonly patienceMs: number;
}

const mebibyte = 2 ** 20;
/** With the default of the largest value. */
const transit = transitBytes(mebibyte);

export const defaultLimits: RespLimits = {
  connections: 10_000,
  multibulk: 1024 * 1024,
  bulkBytes: 512 * mebibyte,
  lineBytes: 64 * 1024,
  frameBytes: transit,
  strangerMultibulk: 10,
  strangerBulkBytes: 16_384,
  inputBudgetBytes: transit,
  replyBytes: transit,
  outputBudgetBytes: transit,
  stalledMs: 30_000,
  workPerTurn: 1_000,
  connectionsPerTurn: 16,
  flushBytes: 64 * 1024,
  lingerMs: 2_000,
  keepAliveMs: 60_000,
  quietMs: 50,
  patienceMs: 5_000,
};

/** Keys are 1..512 bytes. */
export const maxKeyBytes = 512;
