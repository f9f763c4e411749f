// What a message about alerts says: templates that Alertmanager fills in. Group labels are those of groupBy; alerts that users add to theirs may lack an annotation.

/** One line. */
export const headline = "{{ with .CommonAnnotations.summary }}{{ . }}{{ else }}{{ .GroupLabels.alertname }} of {{ .GroupLabels.namespace }}/{{ .GroupLabels.kvresponder }}{{ end }}";

/** With what happened in front: "[FIRING] critical: ...". */
export const title = `[{{ .Status | toUpper }}] {{ .GroupLabels.severity }}: ${headline}`;

/** `shown` where all alerts of the message share that annotation and it is an address; without Grafana's own a dashboard has a path only. */
const ifAddress = (annotation: string, shown: string): string => `{{ with .CommonAnnotations.${annotation} }}{{ if match "^https?://" . }}${shown}{{ end }}{{ end }}`;

/** The address alone, or nothing. */
export const address = (annotation: string): string => ifAddress(annotation, "{{ . }}");

const links = [ifAddress("runbook_url", "<{{ . }}|Runbook> "), ifAddress("dashboard_url", "<{{ . }}|Dashboard>")].join("");

/** In Slack's markup: what each alert says, then where to go. */
export const slackText = `{{ range .Alerts }}{{ .Annotations.description }}\n{{ end }}${links}`;

export const groupLabel = (name: string): string => `{{ .GroupLabels.${name} }}`;
