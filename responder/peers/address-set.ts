// Addresses as a set: in one order everywhere and without duplicates, so that two of them can be compared.
import type { PeerAddress } from "./source.ts";

const key = ({ host, port }: PeerAddress): string => `${host} ${port}`;

const byHostThenPort = (a: PeerAddress, b: PeerAddress): number => (a.host === b.host ? a.port - b.port : a.host < b.host ? -1 : 1);

export const addressSet = (addresses: readonly PeerAddress[]): readonly PeerAddress[] => [...new Map(addresses.map((address) => [key(address), address])).values()].toSorted(byHostThenPort);

export const sameSet = (a: readonly PeerAddress[], b: readonly PeerAddress[]): boolean => a.map(key).join() === b.map(key).join();
