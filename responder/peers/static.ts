// Peers from a list that never changes, for local use: names in it are left to whoever connects, who asks again each time.
import { addressSet } from "./address-set.ts";
import type { PeerAddress, PeerSource } from "./source.ts";

/** Calls back during start(). */
export const createStaticPeers = (addresses: readonly PeerAddress[]): PeerSource => ({ start: (onAddresses) => onAddresses(addressSet(addresses)), stop: () => {} });
