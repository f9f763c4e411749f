// What the protocol needs of a network: connections that carry bytes in order, until they end. Sockets in production, a simulation in tests.
import type { PeerAddress } from "./source.ts";

export interface Conn {
  /** The bytes are the connection's from then on. false: more waits than should; `onDrain` tells when to go on. */
  write(bytes: Buffer): boolean;
  /** Nothing more is read or written. `end`: what was written still leaves. */
  close(end?: boolean): void;
  /** The other end's address, as the network tells. */
  readonly remoteHost: string;
}

/** Who uses a connection. Nothing is called after `onClose`, and that also when the owner closed it. */
export interface ConnHandlers {
  onOpen(): void;
  onData(chunk: Buffer): void;
  onDrain(): void;
  onClose(): void;
}

export interface Network {
  dial(address: PeerAddress, handlers: ConnHandlers): Conn;
}
