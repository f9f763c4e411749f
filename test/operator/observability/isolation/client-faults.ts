// What too many clients do.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Pod } from "../../../responder/replication/pod.ts";
import { done, mesh, type Fault } from "./fault.ts";

const idle: Socket[] = [];
const openIdle = async (pod: Pod, count: number): Promise<void> => {
  while (idle.length < count) {
    const some = Array.from({ length: Math.min(50, count - idle.length) }, () => connect(pod.ports.resp, "127.0.0.1").on("error", done));
    idle.push(...some);
    await Promise.all(some.map((socket) => once(socket, "connect")));
  }
};

export const clientFaults: readonly Fault[] = [
  {
    title: "many clients",
    fires: ["KVResponderConnectionsHigh"],
    inject: async (stage) => {
      await openIdle(mesh(stage).pod("b"), 1_040);
      return done;
    },
  },
  {
    title: "even more clients",
    fires: ["KVResponderConnectionsFull"],
    inject: async (stage) => {
      await openIdle(mesh(stage).pod("b"), 1_150);
      return () => {
        for (const socket of idle.splice(0)) socket.destroy();
      };
    },
  },
];
