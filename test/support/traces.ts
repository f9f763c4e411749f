// Traces as Jaeger's query API tells them, flattened to what tests and the demo look at.

export interface Span {
  readonly id: string;
  /** Of the span that it is a child of, whether that one has arrived or not. */
  readonly parent?: string;
  readonly name: string;
  readonly kind: string;
  /** service.name */
  readonly service: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Trace {
  readonly id: string;
  readonly spans: readonly Span[];
  /** The answer as it came. */
  readonly json: string;
}

export interface TraceQuery {
  readonly service: string;
  readonly operation?: string;
  readonly limit?: number;
}

interface Tag {
  readonly key: string;
  readonly value: unknown;
}

interface Told {
  readonly traceID: string;
  readonly spans: readonly {
    readonly spanID: string;
    readonly operationName: string;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
    readonly startTime: number;
    readonly duration: number;
    readonly tags: readonly Tag[];
    readonly processID: string;
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags?: readonly Tag[] }>>;
}

const record = (tags: readonly Tag[] = []): Record<string, unknown> => Object.fromEntries(tags.map(({ key, value }) => [key, value]));

const asTrace = (told: Told): Trace => ({
  id: told.traceID,
  json: JSON.stringify(told),
  spans: told.spans.map((span) => {
    const { "span.kind": kind = "internal", ...attributes } = record(span.tags);
    const { serviceName = "", tags } = told.processes[span.processID] ?? {};
    const parent = span.references.find((each) => each.refType === "CHILD_OF")?.spanID;
    return {
      id: span.spanID,
      ...(parent === undefined ? {} : { parent }),
      name: span.operationName,
      kind: String(kind),
      service: serviceName,
      startUs: span.startTime,
      durationUs: span.duration,
      attributes,
      resource: { "service.name": serviceName, ...record(tags) },
    };
  }),
});

const ask = async (url: string): Promise<readonly Trace[]> => {
  const answer = await fetch(url);
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { readonly data: readonly Told[] }).data.map(asTrace);
};

/** undefined while no span of it has arrived. `jaeger` is the base URL of the query API. */
export const traceOf = async (jaeger: string, id: string): Promise<Trace | undefined> => (await ask(`${jaeger}/api/traces/${id}`))[0];

export const findTraces = (jaeger: string, { service, operation, limit = 20 }: TraceQuery): Promise<readonly Trace[]> =>
  ask(`${jaeger}/api/traces?${new URLSearchParams({ service, limit: String(limit), ...(operation === undefined ? {} : { operation }) })}`);

/** One line a span, children below their parent by their start, indented. */
export const drawTrace = ({ spans }: Trace, describe: (span: Span) => string): readonly string[] => {
  const ids = new Set(spans.map(({ id }) => id));
  // one whose parent is not ours is a root
  const families = Map.groupBy(spans.toSorted((a, b) => a.startUs - b.startUs), ({ parent }) => (parent !== undefined && ids.has(parent) ? parent : undefined));
  const below = (parent: string | undefined, indent: string): string[] => (families.get(parent) ?? []).flatMap((span) => [indent + describe(span), ...below(span.id, `${indent}  `)]);
  return below(undefined, "");
};
