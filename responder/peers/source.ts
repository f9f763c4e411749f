// Where peers may be found: the port that every source of addresses implements.

export interface PeerAddress {
  /** An IP address or a host name. */
  readonly host: string;
  readonly port: number;
}

export interface PeerSource {
  /**
   * Calls back with the whole set: after the first answer (an empty one included), and whenever the set has changed. Sorted, without duplicates.
   * This process's own address may be in it: a source does not know which one that is.
   */
  start(onAddresses: (addresses: readonly PeerAddress[]) => void): void;
  /** Nothing is called back after it. */
  stop(): void;
}

/** Says at once that there is nobody. */
export const noPeers: PeerSource = { start: (onAddresses) => onAddresses([]), stop: () => {} };
