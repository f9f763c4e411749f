// Somebody who connects to a pod's peer port without being one of its peers.
import { once } from "node:events";
import { connect } from "node:net";
import { createDeframer, frame, frameType, maxFrameBytes } from "../../../responder/replication/frames.ts";
import { readChallenge, readRefusal, writeHello, type Realm, type Refusal } from "../../../responder/replication/handshake.ts";

const peer = { uid: "uid-stranger", boot: "0123456789abcdef", node: 7, host: "127.0.0.1", port: 9 };

export const helloOf = (realm: Realm): Buffer => writeHello(realm, peer, Buffer.alloc(16, 5));
export const helloFrame = (realm: Realm): Buffer => frame(frameType.hello, helloOf(realm));

export interface Stranger extends Disposable {
  send(bytes: Buffer): void;
  /** The next frame of this type. */
  next(type: number): Promise<Buffer>;
  /** Resolves when the pod has closed the connection, with what it said last. */
  readonly closed: Promise<Refusal | undefined>;
}

export const callAsStranger = async (port: number): Promise<Stranger> => {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  const frames: { type: number; payload: Buffer }[] = [];
  let look = () => {};
  const deframer = createDeframer(
    (type, bytes, from, to) => {
      frames.push({ type, payload: Buffer.from(bytes.subarray(from, to)) });
      look();
    },
    () => true,
  );
  deframer.maxBytes = maxFrameBytes;
  socket.on("data", (chunk: Buffer) => deframer.push(chunk));
  socket.on("error", () => {});
  const closed = new Promise<Refusal | undefined>((resolve) => {
    socket.on("close", () => {
      const refused = frames.find(({ type }) => type === frameType.refused);
      resolve(refused && readRefusal(refused.payload, 0, refused.payload.length));
    });
  });
  return {
    send: (bytes) => void socket.write(bytes),
    next: (wanted) =>
      new Promise((resolve, reject) => {
        look = () => {
          const found = frames.find(({ type }) => type === wanted);
          if (found) resolve(found.payload);
        };
        look();
        void closed.then(() => reject(new Error(`closed before a frame of type ${wanted}`)));
      }),
    closed,
    [Symbol.dispose]: () => socket.destroy(),
  };
};

/** The handshake to its end; the pod takes the caller for a peer if the key is the right one. */
export const introduce = async (stranger: Stranger, realm: Realm, key: Buffer): Promise<void> => {
  const hello = helloOf(realm);
  stranger.send(frame(frameType.hello, hello));
  const challenge = await stranger.next(frameType.challenge);
  const answer = readChallenge(key, hello, challenge, 0, challenge.length);
  // who does not know the secret cannot tell that the pod does, and has nothing to show
  stranger.send(frame(frameType.proof, answer?.proof ?? Buffer.alloc(32, 1)));
};
