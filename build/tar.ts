// Writes tar archives that depend on their content alone: sorted, time 0, numeric owners.

/** One entry; `path` is relative, without a leading or trailing slash. Owners default to root. A file comes as chunks, so that none is copied. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly body: { readonly type: "file"; readonly chunks: readonly Buffer[] } | { readonly type: "dir" } | { readonly type: "link"; readonly target: string };
  readonly uid?: number;
  readonly gid?: number;
}

const block = 512;
const nameBytes = 100;
const typeFlag = { file: "0", link: "2", dir: "5", longName: "L", longTarget: "K" } as const;

interface Header {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly type: string;
  readonly target: string;
}

/** A POSIX ustar header. Only ASCII numbers are written, so sizes end at 8 GiB. */
const header = (h: Header): Buffer => {
  const out = Buffer.alloc(block);
  const octal = (value: number, at: number, width: number): void => {
    const text = value.toString(8).padStart(width - 1, "0");
    if (text.length >= width) throw new Error(`tar: ${value} does not fit the header of ${h.name}`);
    out.write(text, at, "latin1");
  };
  out.write(h.name, 0, nameBytes, "utf8");
  octal(h.mode, 100, 8);
  octal(h.uid, 108, 8);
  octal(h.gid, 116, 8);
  octal(h.size, 124, 12);
  octal(0, 136, 12);
  // the checksum is taken over a header whose checksum field holds spaces
  out.write(" ".repeat(8), 148, "latin1");
  out.write(h.type, 156, "latin1");
  out.write(h.target, 157, nameBytes, "utf8");
  out.write("ustar\u000000", 257, "latin1");
  const sum = out.reduce((total, byte) => total + byte, 0);
  out.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return out;
};

export const sizeOf = (chunks: readonly Buffer[]): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);

const padded = (chunks: readonly Buffer[]): readonly Buffer[] => {
  const rest = sizeOf(chunks) % block;
  return rest === 0 ? chunks : [...chunks, Buffer.alloc(block - rest)];
};

/** GNU's form for what does not fit 100 bytes: a pseudo-entry that carries the whole text. */
const long = (type: string, text: string): Buffer[] => {
  const content = Buffer.from(`${text}\0`, "utf8");
  return [header({ name: "././@LongLink", mode: 0, uid: 0, gid: 0, size: content.length, type, target: "" }), ...padded([content])];
};

const entryChunks = ({ path, mode, body, uid = 0, gid = 0 }: TarEntry): Buffer[] => {
  const name = body.type === "dir" ? `${path}/` : path;
  const target = body.type === "link" ? body.target : "";
  const chunks = body.type === "file" ? body.chunks : [];
  return [
    ...(Buffer.byteLength(name) > nameBytes ? long(typeFlag.longName, name) : []),
    ...(Buffer.byteLength(target) > nameBytes ? long(typeFlag.longTarget, target) : []),
    header({ name, mode, uid, gid, size: sizeOf(chunks), type: typeFlag[body.type], target }),
    ...padded(chunks),
  ];
};

const parents = (path: string): string[] => {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
};

/**
 * The archive as chunks. Missing parent directories are added (root, 0755).
 * Throws on a path given twice, which a reader would resolve by order.
 */
export const tar = (entries: readonly TarEntry[]): Buffer[] => {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    if (byPath.has(entry.path)) throw new Error(`tar: ${entry.path} is given twice`);
    byPath.set(entry.path, entry);
  }
  for (const path of entries.flatMap((entry) => parents(entry.path))) {
    if (!byPath.has(path)) byPath.set(path, { path, mode: 0o755, body: { type: "dir" } });
  }
  // by code unit and never by locale; a directory sorts before what is in it because its path is a prefix
  const sorted = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return [...sorted.flatMap(entryChunks), Buffer.alloc(2 * block)];
};

export const file = (path: string, content: string | Buffer | readonly Buffer[], mode = 0o644): TarEntry => ({
  path,
  mode,
  body: { type: "file", chunks: typeof content === "string" ? [Buffer.from(content)] : Buffer.isBuffer(content) ? [content] : content },
});

export const dir = (path: string, mode = 0o755, owner = 0): TarEntry => ({ path, mode, uid: owner, gid: owner, body: { type: "dir" } });
