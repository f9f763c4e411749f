// Where the runbooks are published; one page per alert, in docs/runbooks/.

const base = "https://github.com/kv-responder/kv-responder/blob/main/docs/runbooks";

export const runbookUrl = (alert: string): string => `${base}/${alert}.md`;
