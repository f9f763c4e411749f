// What a message about alerts says: templates that Alertmanager fills in. Group labels are those of groupBy; alerts that users add to theirs may lack an annotation.

const subject = "{{ .GroupLabels.namespace }}/{{ .GroupLabels.kvresponder }}";

/** One line. */
export const headline = `{{ with .CommonAnnotations.summary }}{{ . }}{{ else }}{{ $.GroupLabels.alertname }} of ${subject.replaceAll(" .", " $.")}{{ end }}`;

/** With what happened in front: "[FIRING] critical: ...". */
export const title = `[{{ .Status | toUpper }}] {{ .GroupLabels.severity }}: ${headline}`;

const link = (annotation: string, text: string): string => `{{ with .CommonAnnotations.${annotation} }}<{{ . }}|${text}> {{ end }}`;

/** In Slack's markup: what each alert says, then where to go. */
export const slackText = `{{ range .Alerts }}{{ .Annotations.description }}\n{{ end }}${link("runbook_url", "Runbook")}${link("dashboard_url", "Dashboard")}`;

/** An annotation that all alerts of the message share, or nothing. */
export const shared = (annotation: string): string => `{{ .CommonAnnotations.${annotation} }}`;

export const groupLabel = (name: string): string => `{{ .GroupLabels.${name} }}`;
