// Reads a whole list in pages that belong to one state.
import type { Kind } from "../kinds.ts";
import { isApiError } from "./errors.ts";
import type { KubeClient, ListOptions, Page } from "./types.ts";

const pageSize = 500;

/** Throws ApiError. `items` of all pages, `resourceVersion` of the state they show. */
export const listAll = async (
  client: Pick<KubeClient, "list">,
  kind: Kind,
  of: Pick<ListOptions, "namespace" | "labelSelector" | "signal">,
): Promise<Pick<Page, "items" | "resourceVersion">> => {
  const page = (rest: Pick<ListOptions, "limit" | "continue">): Promise<Page> => client.list(kind, { ...of, ...rest, timeoutMs: 60_000 });
  let last = await page({ limit: pageSize });
  const items = [...last.items];
  while (last.continue !== undefined) {
    try {
      last = await page({ limit: pageSize, continue: last.continue });
    } catch (error) {
      // the state that the pages belong to has been compacted away: take everything in one piece, which cannot expire
      if (!isApiError(error, "gone")) throw error;
      return page({});
    }
    items.push(...last.items);
  }
  return { items, resourceVersion: last.resourceVersion };
};
