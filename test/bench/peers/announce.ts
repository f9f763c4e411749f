// How a peer says where it listens, in the responder's own form.
import type { AddressInfo } from "node:net";

export const announce = (server: { address(): AddressInfo | string | null }): void => {
  const { address, port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ msg: "serving", http: { host: address, port } }));
};
