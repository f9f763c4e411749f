// What clients did and saw, in the order of one clock: the record that is judged afterwards.

export type Kind = "get" | "put" | "delete";
export type Ack = "local" | "one" | "all";

/** One start of one pod's container: what it held goes with it. */
export interface Life {
  readonly pod: string;
  /** 0 for the first container of the pod. */
  readonly start: number;
  /** How it ended. A drained one has handed its peers what they lacked; a killed one took with it what nobody else had. */
  end?: "drained" | "killed";
}

export interface Operation {
  readonly life: Life;
  readonly kind: Kind;
  readonly key: string;
  /** Of a put: unique in the whole history. Of a get: what it answered. */
  readonly value?: string;
  readonly ack?: Ack;
  /** Milliseconds; of two operations the one that ended before the other started came first. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** 0: no answer, so that nobody knows whether it was done. */
  readonly status: number;
  /** Of the entry that was written or read, as 24 hex digits, which compare as text. */
  readonly version?: string;
  /** Of a write that waited for peers. */
  readonly acked?: { readonly by: number; readonly of: number };
}

/** What one pod holds in the end. */
export type Inventory = ReadonlyMap<string, { readonly version: string; readonly value: string }>;

/** "n/m" of KV-Acked. */
export const parseAcked = (text: string | undefined): Operation["acked"] => {
  const [, by, of] = /^(\d+)\/(\d+)$/.exec(text ?? "") ?? [];
  return by === undefined || of === undefined ? undefined : { by: Number(by), of: Number(of) };
};

/** A write that its pod has done: also one whose peers did not acknowledge it in time. */
export const isDone = ({ kind, status }: Operation): boolean => kind !== "get" && (status === 200 || status === 201 || status === 204 || status === 504 || (kind === "delete" && status === 404));
