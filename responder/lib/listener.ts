// What every server of this process can do, whatever it speaks.
import type { AddressInfo } from "node:net";

export interface Listener {
  /** `host` undefined: every address of both families. Rejects when the port cannot be had. */
  listen(host: string | undefined, port: number): Promise<AddressInfo>;
  /**
   * Accepts nothing new, answers what has arrived, and closes each connection in the way its protocol calls polite.
   * After `ms` whatever is left is cut; resolves with the number of requests cut.
   */
  drain(ms: number): Promise<number>;
}
