// Finds a command by the bytes of its name, without making a string: a perfect hash, drawn once from the table.
export type Lookup<T> = (data: Buffer, from: number, to: number) => T | undefined;

/** Clears the bit that tells lower from upper case; other bytes may collide, which the comparison sorts out. */
const upper = 0xdf;
const lower = 0x20;

const hashOf = (data: Uint8Array, from: number, to: number, multiplier: number): number => {
  let hash = to - from;
  for (let i = from; i < to; i++) hash = Math.imul(hash, multiplier) + ((data[i] as number) & upper);
  return hash;
};

/** Names are of letters alone. Throws when two are the same. */
export const createLookup = <T extends { readonly name: string }>(commands: readonly T[]): Lookup<T> => {
  const bits = 10;
  const size = 1 << bits;
  const names = commands.map(({ name }) => Buffer.from(name, "latin1"));
  if (new Set(commands.map(({ name }) => name)).size !== commands.length || commands.some(({ name }) => !/^[a-z]+$/.test(name))) throw new Error("the table of commands has a name twice, or one that is not letters");
  const longest = Math.max(...names.map((name) => name.length));
  const place = (hash: number) => (hash ^ (hash >>> bits)) & (size - 1);

  let multiplier = 31;
  while (new Set(names.map((name) => place(hashOf(name, 0, name.length, multiplier)))).size < names.length) multiplier += 2;
  const rows: (T | undefined)[] = Array.from({ length: size }, () => undefined);
  const texts: Buffer[] = Array.from({ length: size }, () => Buffer.alloc(0));
  for (const [i, name] of names.entries()) {
    const at = place(hashOf(name, 0, name.length, multiplier));
    rows[at] = commands[i];
    texts[at] = name;
  }

  return (data, from, to) => {
    const length = to - from;
    if (length > longest) return undefined;
    const at = place(hashOf(data, from, to, multiplier));
    const name = texts[at] as Buffer;
    if (name.length !== length) return undefined;
    for (let i = 0; i < length; i++) if (((data[from + i] as number) | lower) !== name[i]) return undefined;
    return rows[at];
  };
};
