// The page that scrapers get: negotiated, and rendered so many times a second at most, however many of them there are.
import type { Clock } from "#lib/clock";
import { createTokenBucket } from "#lib/token-bucket";
import { contentTypes, type Format } from "./exposition.ts";
import { preferredFormat } from "./exposition-format.ts";

export interface ExpositionPage {
  readonly contentType: string;
  readonly text: string;
}

/** Renderings of each format that may follow each other at once, and in a second from then on. One scraper alone always gets what is true now, many get what was true a tenth of a second ago. */
const burst = 10;
const perSecond = 10;

export interface ExpositionPageDeps {
  readonly render: (format: Format) => Promise<string>;
  readonly clock: Pick<Clock, "monotonic">;
}

const createFormat = (format: Format, { render, clock }: ExpositionPageDeps) => {
  const bucket = createTokenBucket(clock.monotonic, perSecond, burst);
  let rendering: Promise<string> | undefined;
  let last: string | undefined;
  const fresh = async (): Promise<string> => {
    try {
      return (last = await render(format));
    } finally {
      rendering = undefined;
    }
  };
  return async (): Promise<ExpositionPage> => {
    if (!rendering && (bucket.take() || last === undefined)) rendering = fresh();
    return { contentType: contentTypes[format], text: await (rendering ?? last ?? fresh()) };
  };
};

export const createExpositionPage = (deps: ExpositionPageDeps): ((accept: string | undefined) => Promise<ExpositionPage>) => {
  const pages = { text: createFormat("text", deps), openMetrics: createFormat("openMetrics", deps) };
  return (accept) => pages[preferredFormat(accept)]();
};
