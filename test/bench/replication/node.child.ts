// A store and one way to replicate it, without protocols and telemetry: what remains is the way. Argument: JSON of NodeSettings. Writes when it is told to over HTTP.
import { createServer } from "node:http";
import { createTurnClock } from "#lib/turn-clock";
import { announce } from "../peers/announce.ts";
import { createStore } from "../peers/store.ts";
import { ways, type NodeSettings } from "./ways.ts";

const settings = JSON.parse(process.argv[2] ?? "{}") as NodeSettings;
const turn = createTurnClock();
/** As many as a busy event loop takes in one turn. */
const perTurn = 64;
const value = Buffer.alloc(100, "x");
const key = Buffer.alloc(14);

const way = await ways[settings.way](settings, turn);
const store = createStore({ maxBytes: 512 * 2 ** 20, evictionPolicy: "TinyLFU", hashSeed: Buffer.from("the same"), now: turn.now, node: settings.node, ...(way.journal && { replication: way.journal }) });
way.use(store);

const write = async (from: number, count: number) => {
  for (let done = 0; done < count; ) {
    turn.tick();
    for (const end = Math.min(count, done + perTurn); done < end; done++) {
      key.write(String(from + done).padStart(14, "0"), "latin1");
      store.put(key, 0, key.length, value, 0, value.length, 0);
      way.written(key, value);
    }
    store.sweep(perTurn);
    // to the next turn, and where every write is a request of its own until some are answered
    await way.pause();
  }
  await way.arrived();
};

const control = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://control");
  const answer = async () => {
    if (url.pathname === "/write") await write(Number(url.searchParams.get("from")), Number(url.searchParams.get("count")));
    // written and not waited for: the peer does not answer
    if (url.pathname === "/owe") {
      way.abandon();
      await write(Number(url.searchParams.get("from")), Number(url.searchParams.get("count")));
    }
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { entries: store.stats().entries, connected: way.connected, queued: way.queued, heapUsed, arrayBuffers, peerPort: way.port };
  };
  void answer().then((facts) => response.end(JSON.stringify(facts)));
});
control.listen(0, "127.0.0.1", () => announce(control));
