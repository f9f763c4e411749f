// The page that scrapers get: negotiated, and rendered so many times a second at most, however many of them there are.
import type { Clock } from "#lib/clock";
import { contentTypes, type Format } from "./exposition.ts";
import { preferredFormat } from "./exposition-format.ts";

export interface ExpositionPage {
  readonly contentType: string;
  readonly text: string;
}

/** Of each format, in any second. One scraper alone always gets what is true now. */
const mostRenderings = 10;
const windowMs = 1_000;

export interface ExpositionPageDeps {
  readonly render: (format: Format) => Promise<string>;
  readonly clock: Pick<Clock, "monotonic">;
}

const createFormat = (format: Format, { render, clock }: ExpositionPageDeps) => {
  /** When the last renderings were made, around. */
  const times = new Float64Array(mostRenderings).fill(-Infinity);
  let next = 0;
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
    const now = clock.monotonic();
    // as many as are allowed were made within the window, so the last of them is no older than that
    if (!rendering && (last === undefined || now - times[next]! >= windowMs)) {
      times[next] = now;
      next = (next + 1) % mostRenderings;
      rendering = fresh();
    }
    return { contentType: contentTypes[format], text: await (rendering ?? last ?? fresh()) };
  };
};

export const createExpositionPage = (deps: ExpositionPageDeps): ((accept: string | undefined) => Promise<ExpositionPage>) => {
  const pages = { text: createFormat("text", deps), openMetrics: createFormat("openMetrics", deps) };
  return (accept) => pages[preferredFormat(accept)]();
};
