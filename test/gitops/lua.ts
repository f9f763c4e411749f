// Runs a script as Argo CD does: the object is the global `obj`, and there are only the base library, table and a part of os.
import { lauxlib, lua, lualib, to_luastring as text } from "fengari";

type State = ReturnType<typeof lauxlib.luaL_newstate>;

const push = (state: State, value: unknown): void => {
  if (typeof value === "string") lua.lua_pushstring(state, text(value));
  else if (typeof value === "number") lua.lua_pushnumber(state, value);
  else if (typeof value === "boolean") lua.lua_pushboolean(state, value);
  else if (typeof value !== "object" || value === null) lua.lua_pushnil(state);
  else {
    lua.lua_newtable(state);
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) {
        push(state, item);
        lua.lua_rawseti(state, -2, i + 1);
      }
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      lua.lua_pushstring(state, text(key));
      push(state, item);
      lua.lua_rawset(state, -3);
    }
  }
};

/** As gopher-json encodes: a table with numbers for keys is a list, and so is an empty one. */
const read = (state: State, index: number): unknown => {
  const type = lua.lua_type(state, index);
  if (type === lua.LUA_TSTRING) return lua.lua_tojsstring(state, index);
  if (type === lua.LUA_TNUMBER) return lua.lua_tonumber(state, index);
  if (type === lua.LUA_TBOOLEAN) return lua.lua_toboolean(state, index);
  if (type !== lua.LUA_TTABLE) return undefined;
  const entries: [unknown, unknown][] = [];
  const table = index < 0 ? lua.lua_gettop(state) + index + 1 : index;
  lua.lua_pushnil(state);
  while (lua.lua_next(state, table) !== 0) {
    entries.push([read(state, -2), read(state, -1)]);
    lua.lua_pop(state, 1);
  }
  return entries.every(([key]) => typeof key === "number") ? entries.map(([, item]) => item) : Object.fromEntries(entries.map(([key, item]) => [String(key), item]));
};

const globals = (state: State): Set<string> => {
  const names = new Set<string>();
  lua.lua_pushglobaltable(state);
  lua.lua_pushnil(state);
  while (lua.lua_next(state, -2) !== 0) {
    names.add(lua.lua_tojsstring(state, -2));
    lua.lua_pop(state, 1);
  }
  lua.lua_pop(state, 1);
  return names;
};

/** `require("os")` gives a table with `date` alone, which says this. */
const openOs = (state: State, date: string): void => {
  lua.lua_pushcfunction(state, (inside) => {
    push(inside, {});
    lua.lua_pushstring(inside, text("date"));
    lua.lua_pushcfunction(inside, (call) => {
      push(call, date);
      return 1;
    });
    lua.lua_rawset(inside, -3);
    return 1;
  });
  lua.lua_setglobal(state, text("require"));
};

export interface Ran {
  readonly result: unknown;
  /** Global variables that the script left behind. */
  readonly globals: readonly string[];
}

/** Throws what the script throws. One interpreter runs it as often as it is called: a script that minds is seen by its globals. */
export const loadLua = (script: string, date = "2026-01-01T00:00:00Z"): ((obj: object) => Ran) => {
  const state = lauxlib.luaL_newstate();
  lauxlib.luaL_requiref(state, text("_G"), lualib.luaopen_base, true);
  lauxlib.luaL_requiref(state, text("table"), lualib.luaopen_table, true);
  openOs(state, date);
  push(state, {});
  lua.lua_setglobal(state, text("obj"));
  const before = globals(state);
  const fail = () => new Error(lua.lua_tojsstring(state, -1));
  if (lauxlib.luaL_loadstring(state, text(script)) !== 0) throw fail();
  const chunk = lua.lua_gettop(state);
  return (obj) => {
    push(state, obj);
    lua.lua_setglobal(state, text("obj"));
    lua.lua_pushvalue(state, chunk);
    if (lua.lua_pcall(state, 0, 1, 0) !== 0) throw fail();
    const result = read(state, -1);
    const left = [...globals(state)].filter((name) => !before.has(name));
    lua.lua_settop(state, chunk);
    return { result, globals: left };
  };
};
