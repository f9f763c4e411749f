// What goes over the supervisor's pipes: one JSON object a line.
export type Command = { readonly id: number } & (
  | { readonly op: "start"; readonly name: string; readonly argv: readonly string[]; readonly env: NodeJS.ProcessEnv; readonly cwd?: string; readonly log: string }
  | { readonly op: "stop"; readonly name: string; readonly signal: NodeJS.Signals; readonly graceMs: number }
  | { readonly op: "cleanup"; readonly argv: readonly string[] }
  | { readonly op: "end" }
);

/** Command without its id, each case by itself. */
export type Order = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;

export interface ProcessExit {
  readonly event: "exit";
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was told to go. */
  readonly expected: boolean;
}

export type Message =
  | { readonly event: "ready"; readonly pid: number }
  | ProcessExit
  | { readonly id: number; readonly ok: true; readonly pid?: number }
  | { readonly id: number; readonly ok: false; readonly error: string };
