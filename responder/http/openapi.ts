// The OpenAPI 3.1 document, made from the table of operations and the schemas that validate.
import { ackedHeader, ackHeader, minVersionHeader, ttlHeader } from "#contract/http";
import { version } from "#lib/version";
import { ackTimeoutMs } from "./acks.ts";
import { minVersionTimeoutMs } from "./min-version.ts";
import { z } from "zod";
import { errors, problemType, type ErrorCode } from "./errors.ts";
import { commonErrors, operations, type Operation } from "./operations.ts";
import { problemSchema } from "./schema/problem.ts";

type Json = Record<string, unknown>;

const etag = { type: "string", description: "The entry's version in quotes.", examples: ['"0191f3a2b4c500000000a1b2"'] };
const ttl = { type: "integer", minimum: 1, description: "Whole seconds that the entry has left; absent: it does not expire." };

const requestHeaders = {
  "If-Match": { schema: { type: "string" }, description: "* or a list of ETags: only if the entry is there, in one of these versions." },
  "If-None-Match": { schema: { type: "string" }, description: "* or a list of ETags: only if there is no entry, or none of these versions." },
  "Content-Type": { schema: { type: "string", maxLength: 255 }, description: "Kept with the value." },
  [ttlHeader]: { schema: { type: "integer", minimum: 1 }, description: "Whole seconds that the entry will live, cut to the cache's maximum; absent: the cache's default." },
  [ackHeader]: {
    schema: { enum: ["local", "one", "all"] },
    description: `How many peers must have the write before it is answered; absent: what spec.replication.ack says. After ${ackTimeoutMs / 1000} s without them: 504 \`not_acknowledged\`, and the write stays.`,
  },
  [minVersionHeader]: {
    schema: { type: "string", pattern: '^(?:[0-9a-f]{24}|"[0-9a-f]{24}")$' },
    description: `A version of this key that the answer must not be older than, with an ETag's quotes or without: it is waited for, ${minVersionTimeoutMs / 1000} s at most.`,
  },
};
const answerHeaders = {
  ETag: { schema: etag },
  "Content-Type": { schema: { type: "string" }, description: "As it was written; application/octet-stream when it was not given." },
  [ttlHeader]: { schema: ttl },
  [ackedHeader]: { schema: { type: "string", pattern: "^\\d+/\\d+$", examples: ["2/2"] }, description: "When the answer has waited for peers: how many have the write, of how many there are. With 504 `not_acknowledged` too." },
};

/** Errors by status, the codes of each in their own words. */
const byStatus = (codes: readonly ErrorCode[]): Map<number, ErrorCode[]> => {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of codes) groups.set(errors[code].status, [...(groups.get(errors[code].status) ?? []), code]);
  return groups;
};

const createSchemas = () => {
  const components: Json = {};
  /** Schemas with an id become components; what is left refers to them. */
  const of = (schema: z.ZodType, io: "input" | "output"): Json => {
    const { $schema: _, $defs = {}, ...rest } = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io })).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
    for (const [id, definition] of Object.entries($defs as Json)) {
      const { id: _, ...named } = definition as Json;
      components[id] = named;
    }
    return rest;
  };
  return { components, of };
};
type Schemas = ReturnType<typeof createSchemas>;

const contentOf = (content: z.ZodType | "bytes" | "exposition", schemas: Schemas, io: "input" | "output"): Json => {
  if (content === "bytes") return { "*/*": {} };
  if (content === "exposition") return { "text/plain": { schema: { type: "string" } }, "application/openmetrics-text": { schema: { type: "string" } } };
  return { "application/json": { schema: schemas.of(content, io) } };
};

const problemOf = (codes: readonly ErrorCode[]): Json => ({
  description: codes.map((code) => `\`${code}\`: ${errors[code].title}`).join("\n\n"),
  content: { [problemType]: { schema: { allOf: [{ $ref: "#/components/schemas/Problem" }, { type: "object", properties: { code: { enum: codes } } }] } } },
});

const parametersOf = ({ path, query = {}, headers = [] }: Operation, schemas: Schemas): Json[] => [
  ...(path.includes("{key}") ? [{ $ref: "#/components/parameters/key" }] : []),
  ...Object.entries(query).map(([name, { description, schema, required = false }]) => ({ name, in: "query", required, description, schema: schemas.of(schema, "output") })),
  // OpenAPI keeps Content-Type out of the parameters: it belongs to the body
  ...headers.filter((name) => name !== "Content-Type").map((name) => ({ name, in: "header", required: false, ...requestHeaders[name] })),
];

const responsesOf = ({ answers, errors: own, method }: Operation, schemas: Schemas): Json => {
  const responses: Json = {};
  for (const [status, { description, content, headers = [] }] of Object.entries(answers)) {
    const named = headers.filter((name) => name !== "Content-Type").map((name) => [name, answerHeaders[name]] as const);
    responses[status] = {
      description,
      ...(named.length > 0 ? { headers: Object.fromEntries(named) } : {}),
      ...(content === undefined ? {} : { content: contentOf(content, schemas, "output") }),
    };
  }
  for (const [status, codes] of byStatus([...own, ...commonErrors])) {
    const { content, ...rest } = problemOf(codes);
    responses[status] = method === "head" ? rest : { ...rest, content };
  }
  return responses;
};

export const openApiDocument = (): Json => {
  const schemas = createSchemas();
  schemas.components["Problem"] = schemas.of(problemSchema, "output");
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const { id, method, path, summary, description, body, open = false } = operation;
    (paths[path] ??= {})[method] = {
      operationId: id,
      summary,
      ...(description === undefined ? {} : { description }),
      ...(open ? { security: [] } : {}),
      parameters: parametersOf(operation, schemas),
      ...(body ? { requestBody: { required: body.required, content: contentOf(body.content, schemas, "input") } } : {}),
      responses: responsesOf(operation, schemas),
    };
  }
  return {
    openapi: "3.1.1",
    info: { title: "kv-responder", version, description: "A tenant's cache. Every error is an RFC 9457 problem with a stable code.", license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    security: [{ token: [] }, {}],
    paths,
    components: {
      schemas: schemas.components,
      parameters: {
        key: { name: "key", in: "path", required: true, description: "1 to 512 bytes in one path segment, percent-encoded; / is written %2F.", schema: { type: "string", minLength: 1 } },
      },
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "One of the cache's tokens; none is asked for when spec.auth.mode is None." } },
    },
  };
};
