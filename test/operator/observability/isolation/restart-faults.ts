// What goes wrong with pods that start again, or that are not ours.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startResponder } from "../../../responder/process.ts";
import { fakeWall } from "../../../support/fake-wall.ts";
import { done, mesh, type Fault } from "./fault.ts";

export const restartFaults: readonly Fault[] = [
  {
    title: "a pod that has room for little and evicts",
    fires: ["KVResponderEvictionsYoung"],
    inject: async (stage) => {
      const c = await mesh(stage).start("c", { KVR_EVICTION_POLICY: "TinyLFU", KVR_MAX_ENTRIES: "100" });
      await c.run(Array.from({ length: 1_000 }, (_, i) => ({ op: "put", key: `young-${i}`, value: "1" })));
      return done;
    },
  },
  {
    title: "a pod that starts again, with its clock ahead",
    fires: ["KVResponderRestarting", "KVResponderClockAhead"],
    inject: async (stage) => {
      await mesh(stage).start("c", fakeWall({ FAKETIME: "+10" }));
      return done;
    },
  },
  {
    title: "what such a pod writes",
    fires: ["KVResponderReplicationDropping"],
    inject: async (stage) => {
      await mesh(stage).pod("c").put("from the future", "1");
      return async () => {
        await mesh(stage).start("c");
        await mesh(stage).settled(60_000);
      };
    },
  },
  {
    title: "a pod of another tenant that dials in",
    fires: ["KVResponderReplicationRefused"],
    inject: async (stage) => {
      const dir = await mkdtemp(join(tmpdir(), "kvr-stranger-"));
      const file = join(dir, "secret");
      await writeFile(file, "the secret of other pods");
      const peers = ["a", "b"].map((name) => `127.0.0.1:${mesh(stage).peersPort(name)}`).join(",");
      const stranger = await startResponder({ KVR_TENANT: "globex", KVR_REPLICATION: "Peers", KVR_PEERS: peers, KVR_PEERS_PORT: "0", KVR_POD_UID: "uid-stranger", KVR_PEER_SECRET_FILE: file, KVR_WARMUP_TIMEOUT: "1" });
      return async () => {
        await stranger[Symbol.asyncDispose]();
        await rm(dir, { recursive: true });
      };
    },
  },
];
