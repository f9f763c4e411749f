// Traffic of all kinds for two pods that replicate: what a cache is there for, and what goes wrong with one, so that every panel has something to show.
import { connect } from "node:net";
import { caller } from "../../responder/traced.ts";
import type { Mesh } from "../../responder/replication/mesh.ts";
import type { Pod } from "../../responder/replication/pod.ts";

/** Limits that the traffic meets. */
export const limits = { KVR_MAX_ENTRIES: "100", KVR_MAX_VALUE_BYTES: "10000" } as const;

const done = async (answer: Promise<Response>): Promise<Response> => {
  const got = await answer;
  await got.arrayBuffer();
  return got;
};

/** Says something that no protocol knows, and is hung up on. */
const shout = (port: number): Promise<void> =>
  new Promise((closed) => {
    const socket = connect(port, "127.0.0.1", () => socket.end("\u0016\u0003\u0001 no such protocol\r\n\r\n"));
    socket.on("error", () => undefined).on("close", () => closed());
    socket.resume();
  });

/** More keys than entries that are allowed, so that each round evicts; some that expire, some that are not there, some that are not right. */
const round = async (pod: Pod, n: number): Promise<void> => {
  const keys = Array.from({ length: 40 }, (_, i) => `key-${n}-${i}`);
  await pod.run(keys.map((key) => ({ op: "put" as const, key, value: "x".repeat(200) })));
  await pod.run(keys.slice(0, 2).map((key) => ({ op: "get" as const, key })));
  await pod.put("hot", String(n));
  // traced, so that its bucket carries an exemplar
  for (const key of ["hot", "not-there"]) await done(pod.entry("GET", key, { headers: caller(true).headers }));
  await done(pod.entry("PUT", "large", { body: "x".repeat(20_000) }));
  await done(fetch(`${pod.api}/v1/kv?limit=10`));
  await done(pod.entry("DELETE", "hot"));
  await pod.commands(`SET brief-${n} x PX 20`, `GET brief-${n}`, "INCR counter", "GET counter", "NOSUCHCOMMAND");
};

/** Seldom ones, each of which closes or holds up a connection. */
const trouble = async (mesh: Mesh, pod: Pod): Promise<void> => {
  await shout(pod.ports.api);
  await shout(mesh.peersPort(pod.name));
  // a body of unknown length is not for the fast path
  await done(fetch(`${pod.api}/v1/kv/streamed`, { method: "PUT", body: new Blob(["x"]).stream(), duplex: "half" } as RequestInit));
  // a version that this key never reaches: a second later it is a 504, which is our fault
  const version = await pod.put("clock", "now");
  await done(pod.entry("GET", "never-written", { headers: { "kv-min-version": version } }));
};

export interface Load {
  stop(): Promise<void>;
}

export const startLoad = (mesh: Mesh): Load => {
  const end = new AbortController();
  const { pods } = mesh;
  const forever = async (once: (n: number) => Promise<unknown>): Promise<void> => {
    for (let n = 0; !end.signal.aborted; n += 1) {
      await once(n);
      await new Promise((later) => setTimeout(later, 50));
    }
  };
  const running = [
    ...pods.map((pod) => forever((n) => round(pod, n))),
    ...pods.map((pod) => forever(() => trouble(mesh, pod))),
    // at both at once: one of the two is the later
    forever((n) => Promise.all(pods.map((pod) => pod.put("contended", String(n))))),
  ];
  return {
    stop: async () => {
      end.abort();
      await Promise.allSettled(running);
    },
  };
};
