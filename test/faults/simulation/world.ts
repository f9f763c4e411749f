// Virtual time and a network that can be cut: everything happens in one order, drawn from one seed.
import type { Clock, Timers } from "#lib/clock";
import type { Conn, ConnHandlers, Network } from "../../../responder/peers/network.ts";

export type Random = () => number;

/** mulberry32, T. Ettinger. */
export const randomFrom = (seed: number): Random => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

interface Event {
  readonly at: number;
  readonly order: number;
  /** Whose event it is: one that is paused gets it later, one that is dead never. */
  readonly host: Host | undefined;
  readonly run: () => void;
}

/** One start of one process. */
export interface Host {
  readonly name: string;
  isAlive: boolean;
  pausedUntil: number;
  /** Takes a connection that was dialled from elsewhere. */
  accept: (conn: Conn) => ConnHandlers;
}

const highWaterBytes = 64 * 1024;

export const startOfTime = 1_700_000_000_000;

export interface World {
  readonly random: Random;
  /** Milliseconds since the beginning. */
  now(): number;
  /** Lets time pass. */
  run(ms: number): void;
  host(name: string): Host;
  /** The process is gone, and with it its connections. */
  kill(host: Host): void;
  timers(host: Host): Timers;
  clock(host: Host): Clock;
  network(host: Host): Network;
  defer(host: Host, run: () => void): void;
  /** Bytes from the one do not reach the other. */
  block(from: string, to: string): void;
  heal(): void;
  /** Cuts all connections between two; what is on its way is lost. */
  reset(a: string, b: string): void;
  /** Milliseconds that bytes take, at least and at most. */
  latency: { least: number; most: number };
  readonly events: number;
}

interface Pipe {
  readonly from: Host;
  readonly to: Host;
  /** In order; the last arrival so far. */
  lastAt: number;
  /** Waits for the network. */
  held: (() => void)[];
  inFlight: number;
}

interface Link {
  readonly a: Host;
  readonly b: Host;
  isOpen: boolean;
  cut(): void;
}

export const createWorld = (seed: number): World => {
  const random = randomFrom(seed);
  const heap: Event[] = [];
  const hosts = new Map<string, Host>();
  const blocked = new Set<string>();
  const links = new Set<Link>();
  let now = 0;
  let order = 0;
  let events = 0;
  const latency = { least: 0.2, most: 3 };

  const isBefore = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order);
  const push = (event: Event) => {
    let i = heap.push(event) - 1;
    for (let parent = (i - 1) >> 1; i > 0 && isBefore(event, heap[parent]!); parent = (i - 1) >> 1) {
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  };
  const pop = (): Event | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  };
  const schedule = (at: number, host: Host | undefined, run: () => void) => push({ at, order: order++, host, run });

  const isBlocked = (from: Host, to: Host) => blocked.has(`${from.name}>${to.name}`);
  const pipes = new Set<Pipe>();
  /** Arrives in order, later when the way is cut. */
  const deliver = (pipe: Pipe, run: () => void) => {
    if (isBlocked(pipe.from, pipe.to)) return void pipe.held.push(run);
    const at = Math.max(pipe.lastAt, now + latency.least + random() * (latency.most - latency.least));
    pipe.lastAt = at;
    schedule(at, pipe.to, run);
  };

  const connect = (a: Host, b: Host, handlers: ConnHandlers): Conn => {
    const there: Pipe = { from: a, to: b, lastAt: 0, held: [], inFlight: 0 };
    const back: Pipe = { from: b, to: a, lastAt: 0, held: [], inFlight: 0 };
    pipes.add(there).add(back);
    let acceptor: ConnHandlers | undefined;
    const open = { a: true, b: true };
    const link: Link = {
      a,
      b,
      isOpen: true,
      cut: () => {
        link.isOpen = false;
        links.delete(link);
        pipes.delete(there);
        pipes.delete(back);
        if (open.a) schedule(now, a, () => shut("a"));
        if (open.b) schedule(now, b, () => shut("b"));
      },
    };
    links.add(link);
    const shut = (side: "a" | "b") => {
      if (!open[side]) return;
      open[side] = false;
      if (side === "a") handlers.onClose();
      else acceptor?.onClose();
    };
    const end = (side: "a" | "b"): Conn => {
      const pipe = side === "a" ? there : back;
      const other = side === "a" ? "b" : "a";
      let isFull = false;
      return {
        remoteHost: pipe.to.name,
        write: (bytes) => {
          if (!open[side] || !link.isOpen) return true;
          const copy = Buffer.from(bytes);
          pipe.inFlight += copy.length;
          deliver(pipe, () => {
            pipe.inFlight -= copy.length;
            if (link.isOpen && open[other]) (side === "a" ? acceptor : handlers)?.onData(copy);
            if (isFull && pipe.inFlight < highWaterBytes / 2) {
              isFull = false;
              schedule(now, pipe.from, () => {
                if (link.isOpen && open[side]) (side === "a" ? handlers : acceptor)?.onDrain();
              });
            }
          });
          isFull ||= pipe.inFlight >= highWaterBytes;
          return !isFull;
        },
        close: () => {
          if (!open[side]) return;
          open[side] = false;
          // the other end hears of it after what was written
          deliver(pipe, () => {
            if (!link.isOpen) return;
            shut(other);
            link.cut();
          });
        },
      };
    };
    const dialler = end("a");
    // nobody listens, or the way is cut: the one is told at once, the other after a while
    deliver(there, () => {
      if (!link.isOpen) return;
      acceptor = b.accept(end("b"));
      deliver(back, () => {
        if (link.isOpen && open.a) handlers.onOpen();
      });
    });
    schedule(now + 2_000, a, () => {
      if (acceptor === undefined && link.isOpen) link.cut();
    });
    return dialler;
  };

  const world: World = {
    random,
    latency,
    now: () => now,
    get events() {
      return events;
    },
    run: (ms) => {
      const until = now + ms;
      for (let next = heap[0]; next !== undefined && next.at <= until; next = heap[0]) {
        pop();
        now = Math.max(now, next.at);
        const { host } = next;
        if (host && !host.isAlive) continue;
        if (host && host.pausedUntil > now) {
          schedule(host.pausedUntil, host, next.run);
          continue;
        }
        events++;
        next.run();
      }
      now = until;
    },
    host: (name) => {
      const host: Host = {
        name,
        isAlive: true,
        pausedUntil: 0,
        accept: () => {
          throw new Error(`${name} does not listen`);
        },
      };
      hosts.set(name, host);
      return host;
    },
    kill: (host) => {
      host.isAlive = false;
      if (hosts.get(host.name) === host) hosts.delete(host.name);
      for (const link of links) {
        if (link.a !== host && link.b !== host) continue;
        const other = link.a === host ? link.b : link.a;
        // the kernel says so, when the way is open; otherwise the other end finds out when it is
        const pipe = [...pipes].find((each) => each.from === host && each.to === other);
        if (pipe) deliver(pipe, () => link.cut());
        else link.cut();
      }
    },
    timers: (host) => ({
      after: (ms, run) => {
        let isOn = true;
        schedule(now + ms, host, () => {
          if (isOn) run();
        });
        return () => void (isOn = false);
      },
      every: (ms, run) => {
        let isOn = true;
        const again = () => {
          schedule(now + ms, host, () => {
            if (!isOn) return;
            run();
            again();
          });
        };
        again();
        return () => void (isOn = false);
      },
    }),
    clock: () => ({ wall: () => startOfTime + now, monotonic: () => now }),
    network: (host) => ({
      dial: ({ host: name }, handlers) => {
        const target = hosts.get(name);
        if (target) return connect(host, target, handlers);
        let isOpen = true;
        schedule(now + latency.most, host, () => {
          if (isOpen) handlers.onClose();
          isOpen = false;
        });
        return { remoteHost: name, write: () => true, close: () => void (isOpen = false) };
      },
    }),
    defer: (host, run) => schedule(now, host, run),
    block: (from, to) => void blocked.add(`${from}>${to}`),
    heal: () => {
      blocked.clear();
      for (const pipe of pipes) for (const run of pipe.held.splice(0)) deliver(pipe, run);
    },
    reset: (a, b) => {
      for (const link of links) if ((link.a.name === a && link.b.name === b) || (link.a.name === b && link.b.name === a)) link.cut();
    },
  };
  return world;
};
