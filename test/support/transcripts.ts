// Transcripts of pages: ```console blocks, as commands with what each answered, and what of an answer differs from run to run.

export interface Example {
  /** As it stands on the page, continued by lines that begin with four spaces. */
  readonly command: string;
  readonly output: string;
}

export const transcript = /```console\n([^]*?)```/g;

export const examplesOf = (text: string): Example[] =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const lines = part.replace(/\n$/, "").split("\n");
      const end = lines.findIndex((line, i) => i > 0 && !line.startsWith("    "));
      const at = end < 0 ? lines.length : end;
      return { command: lines.slice(0, at).join("\n"), output: lines.slice(at).join("\n") };
    });

/** Without what the connection says of itself, as pages have it. */
export const tidy = (output: string): string => output.replaceAll("\r", "").replace(/^(date|connection|keep-alive): .*\n/gim, "").trimEnd();

/** Versions differ from run to run; order and case of headers from one way through the server to the other. */
export const comparable = (output: string): string =>
  output.replace(/[0-9a-f]{24}/g, "VERSION").replace(/(?:^[\w-]+: .*\n?)+/gm, (headers) => headers.toLowerCase().trimEnd().split("\n").toSorted().join("\n"));
