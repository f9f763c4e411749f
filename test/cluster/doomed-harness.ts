// A harness for tests to kill: `doomed-harness.ts control|node` starts a cluster, prints its directory, and waits.
import { startCluster } from "./index.ts";

const kind = process.argv[2] === "node" ? "node" : "control";
const cluster = await startCluster({ kind });
console.log(cluster.dir);
// an idle cluster does not hold its process
setInterval(() => {}, 60_000);
