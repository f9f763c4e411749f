// What the server knows of one client, apart from its socket.
import type { Socket } from "node:net";
import type { Row } from "./commands/command.ts";

/** A command that waits for EXEC, with its own copy of the arguments. */
export interface Queued {
  readonly row: Row;
  readonly data: Buffer;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Large arguments that were collected apart; they belong to this until they are put or freed. */
  readonly own: (Buffer | undefined)[] | undefined;
}

export interface Transaction {
  readonly commands: Queued[];
  /** Taken from the input budget. */
  bytes: number;
  /** A command could not be queued: EXEC will refuse. */
  broken: boolean;
}

export interface Session {
  readonly id: number;
  /** host:port, as the sockets tell. */
  readonly address: string;
  readonly localAddress: string;
  /** Without the port: what failed tokens are counted by. */
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  lastAt: number;
  lastCommand: string;
  name: string;
  libraryName: string;
  libraryVersion: string;
  protocol: 2 | 3;
  /** No token has been shown where one is needed. */
  stranger: boolean;
  /** The token that was shown, to be checked again when the tokens change; never shown to anybody. */
  token: Buffer | undefined;
  tokenGeneration: number;
  /** The token that was shown is no longer one: the next command that needs one ends the connection. */
  revoked: boolean;
  transaction: Transaction | undefined;
  /** "skip": the next command is not answered either; "skipping": it is this one. */
  replies: "on" | "off" | "skip" | "skipping";
  noEvict: boolean;
  noTouch: boolean;
  /** After this command's reply the connection is closed. */
  closing: boolean;
}

const addressOf = (host = "", port = 0) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

export const createSession = (socket: Socket, id: number, now: number, stranger: boolean): Session => ({
  id,
  address: addressOf(socket.remoteAddress, socket.remotePort),
  localAddress: addressOf(socket.localAddress, socket.localPort),
  host: socket.remoteAddress ?? "",
  since: now,
  lastAt: now,
  lastCommand: "",
  name: "",
  libraryName: "",
  libraryVersion: "",
  protocol: 2,
  stranger,
  token: undefined,
  tokenGeneration: 0,
  revoked: false,
  transaction: undefined,
  replies: "on",
  noEvict: false,
  noTouch: false,
  closing: false,
});
