// Who a peer is: the pod, and the start of its process. A container that starts again keeps its pod's UID and has lost its entries, so it is somebody else.
import { FrameError, type Reader, type Writer } from "../replication/wire.ts";

/** What Kubernetes calls pods and hosts fits. */
const maxUidBytes = 63;
const maxHostBytes = 253;

export interface Identity {
  /** Of the pod. */
  readonly uid: string;
  /** Drawn when the process starts: 16 hex digits. */
  readonly boot: string;
  /** In the versions that it draws. */
  readonly node: number;
  /** Where it listens for peers. */
  readonly host: string;
  readonly port: number;
}

export const memberId = ({ uid, boot }: Pick<Identity, "uid" | "boot">): string => `${uid}/${boot}`;

export const writeIdentity = (writer: Writer, { uid, boot, node, host, port }: Identity): Writer => writer.text(uid).raw(Buffer.from(boot, "hex")).u32(node).text(host).u16(port);

/** Throws a FrameError. */
export const readIdentity = (reader: Reader): Identity => {
  const identity = { uid: reader.text(), boot: reader.raw(8).toString("hex"), node: reader.u32(), host: reader.text(), port: reader.u16() };
  if (identity.uid.length > maxUidBytes || identity.host.length > maxHostBytes) throw new FrameError("an identity is longer than any pod's");
  return identity;
};
