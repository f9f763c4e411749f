// Answers to writes wait here until as many peers have the write as its client wants, and say how many have.
import type { ServerResponse } from "node:http";
import { ackedHeader, ackHeader } from "#contract/http";
import type { Context } from "hono";
import type { Acknowledgement, AckLevel, Replication } from "../replication/port.ts";
import type { HonoEnv } from "./env.ts";
import { problem } from "./errors.ts";

/** Peers that are well acknowledge within milliseconds; clients and proxies give a request more than this. */
export const ackTimeoutMs = 2_000;

/** Peers; of more than there are, all. */
const wanted: Readonly<Record<AckLevel, number>> = { local: 0, one: 1, all: Infinity };
const isLevel = (text: string): text is AckLevel => Object.hasOwn(wanted, text);

export interface Acks {
  /** What the request asks for, or the default; undefined: it asks for what there is not. */
  levelOf(c: Context<HonoEnv>): AckLevel | undefined;
  /** The answer to a write that was done just now: `done` when enough peers have it. `told`: the JSON of `done`, for when they have not. */
  settle(c: Context<HonoEnv>, level: AckLevel, done: Response, told?: unknown): Promise<Response>;
}

export const createAcks = (replication: Replication): Acks => {
  const wait = (peers: number, outgoing: ServerResponse): Promise<Acknowledgement> =>
    new Promise((resolve) => {
      let cancel: (() => void) | undefined;
      let isOver = false;
      const end = (result: Acknowledgement) => {
        isOver = true;
        outgoing.off("close", onGone);
        resolve(result);
      };
      const onGone = () => {
        cancel?.();
        // nobody is left to read the answer; the exchange ends as 499
        end({ acknowledged: 0, of: 0, met: false });
      };
      if (outgoing.destroyed) return onGone();
      outgoing.once("close", onGone);
      const stop = replication.wait(replication.position(), peers, ackTimeoutMs, end);
      if (!isOver) cancel = stop;
    });

  return {
    levelOf: (c) => {
      const asked = c.req.header(ackHeader);
      if (asked === undefined) return replication.level();
      return isLevel(asked) ? asked : undefined;
    },
    settle: async (c, level, done, told) => {
      if (level === "local") return done;
      const { acknowledged, of, met } = await wait(wanted[level], c.env.outgoing);
      const acked = `${acknowledged}/${of}`;
      if (met) {
        done.headers.set(ackedHeader, acked);
        return done;
      }
      const etag = done.headers.get("etag");
      return problem("not_acknowledged", {
        detail: `written here, acknowledged by ${acknowledged} of ${of} peers`,
        answer: told,
        headers: { [ackedHeader]: acked, ...(etag === null ? {} : { etag }) },
      });
    },
  };
};
