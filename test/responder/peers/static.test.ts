import { expect, test, vi } from "vitest";
import { noPeers, type PeerAddress } from "../../../responder/peers/source.ts";
import { createStaticPeers } from "../../../responder/peers/static.ts";

test("a list is told at once and once, sorted and without duplicates; names stay names", () => {
  const onAddresses = vi.fn<(addresses: readonly PeerAddress[]) => void>();
  const address = (host: string, port: number): PeerAddress => ({ host, port });
  createStaticPeers([address("localhost", 7948), address("10.0.0.2", 7946), address("localhost", 999), address("localhost", 7948)]).start(onAddresses);
  expect(onAddresses.mock.calls).toEqual([[[address("10.0.0.2", 7946), address("localhost", 999), address("localhost", 7948)]]]);
});

test("nobody is an answer too", () => {
  const onAddresses = vi.fn<(addresses: readonly PeerAddress[]) => void>();
  noPeers.start(onAddresses);
  expect(onAddresses.mock.calls).toEqual([[[]]]);
});
