// What hides the most: memory that is full, and the end of all pods.
import { waitFor } from "../../../cluster/wait.ts";
import { done, mesh, text, type Fault } from "./fault.ts";
import { faulty } from "./tenants.ts";

export const lastFaults: readonly Fault[] = [
  {
    title: "memory that is nearly full",
    fires: ["KVResponderMemoryHigh"],
    inject: async (stage) => {
      const a = mesh(stage).pod("a");
      const limit = await a.series("kv_memory_limit_bytes");
      for (let n = 0; (await a.series("kv_memory_used_bytes")) < 0.75 * limit; n += 1) await a.put(`fill-${n}`, text(20_000));
      return done;
    },
  },
  {
    title: "memory that is full",
    fires: ["KVResponderMemoryFull"],
    inject: async (stage) => {
      const a = mesh(stage).pod("a");
      const put = async (n: number) => (await a.entry("PUT", `more-${n}`, { body: text(20_000) })).status;
      let refused = 0;
      for (let n = 0; refused < 5; n += 1) if ((await put(n)) === 507) refused += 1;
      return done;
    },
  },
  {
    title: "the end of all pods",
    fires: ["KVResponderDown"],
    inject: async (stage) => {
      const letters = [...faulty.pods];
      for (const letter of letters) await mesh(stage).kill(letter);
      return async () => {
        await Promise.all(letters.map((letter) => mesh(stage).start(letter)));
        await waitFor("the end of it to be told", () => stage.told(faulty).some(({ status, labels }) => status === "resolved" && labels["alertname"] === "KVResponderDown"), { timeoutMs: 60_000 });
      };
    },
  },
];
