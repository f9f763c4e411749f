// Where the demo plays: a cluster of its own, or one that the user names.
import type { ForwardTarget } from "../cluster/types.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

export interface Stage extends AsyncDisposable {
  /** Its API server's address. */
  readonly server: string;
  /** Shell line that points kubectl at it. */
  readonly kubectlHint: string;
  /** Standard output; throws with standard error. */
  kubectl(args: readonly [string, ...string[]]): Promise<string>;
  forward(target: ForwardTarget): Promise<Address>;
  /** A Prometheus over all ServiceMonitors and rules, or undefined when this stage has none for us. */
  prometheus(): Promise<Address | undefined>;
}
