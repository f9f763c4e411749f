// Asks the pods of each resource about their peers, beside the reconciles: as soon as the pods are other ones, soon while something is amiss, else once a minute.
import type { Timers } from "#lib/clock";
import type { Request } from "../objects.ts";
import type { Answer, PeerReports, PodReport } from "../reconcile/peers.ts";
import type { PodAddress } from "./pods.ts";
import { createSlots } from "./slots.ts";

export interface SurveyDeps {
  /** Undefined while nobody knows. */
  readonly pods: (request: Request) => readonly PodAddress[] | undefined;
  /** Bounded in time; never rejects. */
  readonly ask: (address: string, signal: AbortSignal) => Promise<Answer>;
  /** The pods say something else than before. */
  readonly onNews: (request: Request) => void;
  readonly timers: Pick<Timers, "after">;
  /** 0 <= x < 1; spreads the resources over the minute. */
  readonly random: () => number;
  readonly onAnswer?: (answer: Answer) => void;
}

export interface Survey {
  /** Returns at once: what the pods said last; undefined before they did. Called at each reconcile, because a reconcile follows every change of the pods. */
  follow(request: Request): PeerReports | undefined;
  forget(request: Request): void;
  /** Nothing is asked any more; what is under way is cut. */
  stop(): void;
}

/** Questions at once: one unreachable network keeps this many sockets busy, and no reconcile waiting. */
const mostAtOnce = 32;
/** Pods change together, and one that has just become ready is just meeting its peers: a moment later one question does for all. */
const shortlyMs = 500;
const soonMs = 2_000;
const usualMs = 60_000;
/** Rounds without knowing which pods there are until that is an answer: at the start the stores are still filling. */
const patience = 3;

interface Subject {
  readonly request: Request;
  /** The pods, as they were when somebody looked last. */
  what: string | undefined;
  reports: PeerReports | undefined;
  /** Rounds in a row after which something was still amiss. */
  amiss: number;
  asking: boolean;
  /** Calls off the next round. */
  cancel: () => void;
}

const isWell = (reports: PeerReports | undefined): boolean => {
  if (reports === undefined || reports === "blind") return false;
  const others = reports.filter((r) => r.ready).length - 1;
  return reports.every(({ ready, answer }) => ready && typeof answer !== "string" && !answer.clockAhead && answer.connected >= others);
};

export const createSurvey = ({ pods, ask, onNews, timers, random, onAnswer = () => {} }: SurveyDeps): Survey => {
  const subjects = new Map<string, Subject>();
  const slots = createSlots(mostAtOnce);
  const stopped = new AbortController();
  const keyOf = ({ namespace, name }: Request): string => `${namespace}/${name}`;
  const isFollowed = (subject: Subject): boolean => !stopped.signal.aborted && subjects.get(keyOf(subject.request)) === subject;

  const report = async ({ name, address, ready }: PodAddress): Promise<PodReport> => {
    const attempt = () => slots(async () => (stopped.signal.aborted ? "unreachable" : ask(address, stopped.signal)));
    let answer = await attempt();
    // a lost packet, or a pause of the pod, is no news
    if (answer === "unreachable" && ready) answer = await attempt();
    onAnswer(answer);
    return { name, ready, answer };
  };

  const waitMs = (amiss: number): number => Math.min(usualMs * (0.9 + random() / 5), amiss === 0 ? Infinity : soonMs * 2 ** (amiss - 1));

  const arm = (subject: Subject, ms: number): void => {
    subject.cancel();
    subject.cancel = timers.after(ms, () => void round(subject));
  };

  const round = async (subject: Subject): Promise<void> => {
    const found = pods(subject.request);
    const what = JSON.stringify(found);
    subject.what = what;
    subject.asking = true;
    const reports = found ? await Promise.all(found.map(report)) : subject.amiss < patience ? undefined : "blind";
    subject.asking = false;
    if (!isFollowed(subject)) return;
    const isNews = reports !== undefined && JSON.stringify(reports) !== JSON.stringify(subject.reports);
    if (reports !== undefined) subject.reports = reports;
    subject.amiss = isWell(reports) ? 0 : subject.amiss + 1;
    // other pods may have come meanwhile
    arm(subject, subject.what === what ? waitMs(subject.amiss) : shortlyMs);
    if (isNews) onNews(subject.request);
  };

  const notice = (subject: Subject, what: string | undefined): void => {
    subject.what = what;
    subject.amiss = 0;
    if (!subject.asking) arm(subject, shortlyMs);
  };

  return {
    follow(request) {
      if (stopped.signal.aborted) return undefined;
      const what = JSON.stringify(pods(request));
      let subject = subjects.get(keyOf(request));
      if (!subject) {
        subject = { request, what, reports: undefined, amiss: 0, asking: false, cancel: () => {} };
        subjects.set(keyOf(request), subject);
        notice(subject, what);
      } else if (what !== subject.what) notice(subject, what);
      return subject.reports;
    },

    forget(request) {
      subjects.get(keyOf(request))?.cancel();
      subjects.delete(keyOf(request));
    },

    stop() {
      stopped.abort();
      for (const { cancel } of subjects.values()) cancel();
      subjects.clear();
    },
  };
};
