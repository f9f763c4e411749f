// GET hits over HTTP: the responder with everything on, against servers without instrumentation, the textbook stack, and webdis.
import { atLeast, atMost } from "./harness/goal.ts";
import { fill } from "./harness/fill.ts";
import { roundsTable, type Section } from "./harness/report.ts";
import { quietly, ratios, runRounds, stopAll, type Figure, type Result } from "./harness/rounds.ts";
import { wrk, wrkKey } from "./harness/wrk.ts";
import { startHono, startNodeHttp, startTextbook, type HttpTarget } from "./peers/node-programs.ts";
import { startWebdis } from "./peers/programs.ts";
import { startGuarded, startResponder } from "./peers/responder.ts";

export const keys = 1000;
const connections = 32;
const value = "x".repeat(100);
/** Prometheus asks every 15 or 30 s; this often is a handicap that makes its cost visible. */
const scrapeEveryMs = 500;

export interface HttpResults {
  readonly ours: Result;
  readonly bare: Result;
  readonly textbook: Result;
  readonly others: readonly Result[];
  /** The second bare server against the first. */
  readonly controls: readonly number[];
}

export const putAll = async (target: HttpTarget): Promise<void> => {
  for (let i = 0; i < keys; i++) {
    const answer = await fetch(`http://127.0.0.1:${target.port}${target.prefix}${wrkKey(i)}`, { method: "PUT", body: value, headers: target.token ? { authorization: `Bearer ${target.token}` } : {} });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`PUT answered ${answer.status}`);
  }
};

const load = (seconds: number) => (target: HttpTarget) => wrk({ port: target.port, prefix: target.prefix, keys, seconds, connections, token: target.token });

/** Scrapes the port while `work` runs. Throws when a scrape failed. */
export const scraping = async <T>(port: number, work: () => Promise<T>): Promise<T> => {
  const scrapes: Promise<unknown>[] = [];
  const timer = setInterval(() => scrapes.push(fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text())), scrapeEveryMs);
  try {
    const result = await work();
    await Promise.all(scrapes);
    return result;
  } finally {
    clearInterval(timer);
  }
};

export interface HttpOptions {
  readonly rounds: number;
  /** The textbook stack takes long to be compiled: with one of these it is dearer than it will be. */
  readonly warmUps: number;
  readonly seconds: number;
  /** Also hono, webdis, and the textbook stack with few spans. */
  readonly allPeers: boolean;
  /** The figures in which the control must agree. */
  readonly judgedBy: readonly Figure[];
}

const attempt = async ({ rounds, warmUps, seconds, allPeers, judgedBy }: HttpOptions): Promise<HttpResults> => {
  const started: HttpTarget[] = [];
  const add = async <T extends HttpTarget>(starting: Promise<T>): Promise<T> => {
    const target = await starting;
    started.push(target);
    return target;
  };
  let results: Result[] = [];
  try {
    await add(startNodeHttp());
    await add(startNodeHttp("bare node:http (control)"));
    const ours = await add(startResponder());
    await putAll(ours);
    await add(startTextbook(1));
    if (allPeers) {
      await add(startTextbook(0.01));
      await add(startHono());
      await putAll(await add(startGuarded()));
      const webdis = await add(startWebdis());
      await fill({ port: webdis.redisPort, entries: keys, key: wrkKey, value });
    }
    const run = load(seconds);
    results = await runRounds({ targets: started, rounds, warmUps, load: (target) => (target === ours ? scraping(ours.metricsPort, () => run(target)) : run(target)) });
  } finally {
    await stopAll(started);
  }
  const [bare, control, ours, textbook, ...others] = results;
  if (!bare || !control || !ours || !textbook) throw new Error("a peer has no result");
  return { ours, bare, textbook, others: [control, ...others], controls: ratios(bare, control, judgedBy) };
};

export const compareHttp = (options: HttpOptions): Promise<HttpResults> => quietly("HTTP", () => attempt(options));

export const httpBench = async (): Promise<Section> => {
  const { ours, bare, textbook, others } = await compareHttp({ rounds: 7, warmUps: 4, seconds: 2, allPeers: true, judgedBy: ["cpu", "perSecond"] });
  const faster = (other: Result | undefined) => ours.median("perSecond") / (other?.median("perSecond") ?? Number.NaN);
  return {
    name: "http",
    title: "HTTP: GET of 100 bytes",
    setting: `wrk, ${connections} connections, four client headers, ${keys} keys in turn; 7 interleaved rounds of 2 s after four that are not counted, medians compared. The responder runs as shipped (metrics, sampled log, expiry, limits) and is scraped every ${scrapeEveryMs} ms; the bare servers answer a constant. With a token: every request carries one, which a pod of the operator asks for.`,
    goals: [
      atLeast("instrumented GET against bare node:http, requests/s", faster(bare), 1.25),
      atMost("its p99 against bare node:http", ours.median("p99") / bare.median("p99"), 1.2),
      atLeast("against the textbook stack, requests/s", faster(textbook), 10),
      atLeast("against webdis + redis, requests/s", faster(others.find(({ target }) => target.name.startsWith("webdis"))), 1.7),
    ],
    body: roundsTable([bare, ours, textbook, ...others], bare),
  };
};
