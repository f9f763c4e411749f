// What goes wrong with requests and with what is told of them.
import { done, failing, lookups, mesh, type Fault } from "./fault.ts";

export const trafficFaults: readonly Fault[] = [
  { title: "a resource that allows hardly more samples than its pods have", fires: ["KVResponderScrapeTruncated"], early: true, inject: () => Promise.resolve(done) },
  {
    title: "a quiet cache that fails now and then",
    fires: ["KVResponderErrors"],
    inject: async (stage) => {
      await failing(mesh(stage).pod("a"), 6);
      return done;
    },
  },
  {
    title: "lookups that no longer find anything",
    fires: ["KVResponderHitRatioDrop"],
    inject: async (stage) => {
      await lookups(mesh(stage).pod("a"), 20_000);
      return done;
    },
  },
  {
    title: "one request in a hundred that fails, after a second",
    fires: ["KVResponderErrorBudgetBurnSlow", "KVResponderLatencyBudgetBurnSlow"],
    early: true,
    inject: async (stage) => {
      await failing(mesh(stage).pod("a"), 160);
      return done;
    },
  },
  {
    title: "many requests that fail",
    fires: ["KVResponderErrorBudgetBurnFast", "KVResponderLatencyBudgetBurnFast"],
    inject: async (stage) => {
      for (let wave = 0; wave < 4; wave += 1) await failing(mesh(stage).pod("a"), 250);
      return done;
    },
  },
  {
    title: "a collector that takes no spans",
    fires: ["KVResponderTelemetryDropping"],
    inject: async (stage) => {
      stage.refuseSpans(true);
      await failing(mesh(stage).pod("a"), 20);
      return () => stage.refuseSpans(false);
    },
  },
];
