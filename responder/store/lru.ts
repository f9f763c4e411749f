// A doubly linked list in order of use, woven through the entries themselves: every operation is O(1) and allocates nothing.
// It also walks: a Map's own iterator, left standing, would keep every table that the Map has outgrown, and with them the entries.

export interface Links<N> {
  newer: N | undefined;
  older: N | undefined;
}

export interface Lru<N> {
  /** Puts a node that is not in the list at the recent end. */
  add(node: N): void;
  /** Moves a node that is in the list to the recent end. */
  touch(node: N): void;
  remove(node: N): void;
  oldest(): N | undefined;
  /** The next node of an endless walk from the oldest to the newest, undefined once at the end of each round. Survives every change in between. */
  walk(): N | undefined;
}

export const createLru = <N extends Links<N>>(): Lru<N> => {
  let newest: N | undefined;
  let oldest: N | undefined;
  let next: N | undefined;
  let walking = false;

  const add = (node: N) => {
    node.older = newest;
    node.newer = undefined;
    if (newest) newest.newer = node;
    newest = node;
    oldest ??= node;
  };
  const remove = (node: N) => {
    // towards the newest, where a node that is used again goes too: the walk misses none
    if (node === next) next = node.newer;
    if (node.newer) node.newer.older = node.older;
    else newest = node.older;
    if (node.older) node.older.newer = node.newer;
    else oldest = node.newer;
    node.newer = undefined;
    node.older = undefined;
  };
  const touch = (node: N) => {
    if (node === newest) return;
    remove(node);
    add(node);
  };
  const walk = () => {
    const node = walking ? next : oldest;
    walking = node !== undefined;
    next = node?.newer;
    return node;
  };
  return { add, touch, remove, oldest: () => oldest, walk };
};
