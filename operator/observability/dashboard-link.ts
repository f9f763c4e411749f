// Where a tenant's dashboard is.
import { createHash } from "node:crypto";
import type { Subject } from "./subject.ts";

/** Stable across operators and clusters, so that links survive; Grafana allows 40 characters. */
export const dashboardUid = ({ namespace, name }: Pick<Subject, "namespace" | "name">): string => `kvr-${createHash("sha256").update(`${namespace}/${name}`).digest("hex").slice(0, 32)}`;

/** A path where nobody has said where Grafana is. */
export const dashboardUrl = (subject: Subject, grafanaUrl = ""): string => `${grafanaUrl.replace(/\/+$/, "")}/d/${dashboardUid(subject)}`;

export const grafanaUrlRule = "--grafana-url must be a URL without credentials or query, for example https://grafana.example";

/** Braces would be a template in an alert's annotation. */
export const isGrafanaUrl = (text: string): boolean => /^https?:\/\/[A-Za-z0-9][-A-Za-z0-9.]*(:[0-9]{1,5})?(\/[-A-Za-z0-9_./~]*)?$/.test(text);
