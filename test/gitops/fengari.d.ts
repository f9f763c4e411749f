// The part of fengari's C-like interface that lua.ts uses; the package brings no types.
declare module "fengari" {
  type State = { readonly brand: unique symbol };
  export const to_luastring: (text: string) => Uint8Array;
  export const lua: {
    readonly LUA_TNIL: number;
    readonly LUA_TBOOLEAN: number;
    readonly LUA_TNUMBER: number;
    readonly LUA_TSTRING: number;
    readonly LUA_TTABLE: number;
    lua_type(state: State, index: number): number;
    lua_gettop(state: State): number;
    lua_settop(state: State, index: number): void;
    lua_pop(state: State, count: number): void;
    lua_pushvalue(state: State, index: number): void;
    lua_pushnil(state: State): void;
    lua_pushboolean(state: State, value: boolean): void;
    lua_pushnumber(state: State, value: number): void;
    lua_pushstring(state: State, value: Uint8Array): void;
    lua_pushglobaltable(state: State): void;
    lua_pushcfunction(state: State, call: (state: State) => number): void;
    lua_newtable(state: State): void;
    lua_rawset(state: State, index: number): void;
    lua_rawseti(state: State, index: number, key: number): void;
    lua_setglobal(state: State, name: Uint8Array): void;
    lua_next(state: State, index: number): number;
    lua_toboolean(state: State, index: number): boolean;
    lua_tonumber(state: State, index: number): number;
    lua_tojsstring(state: State, index: number): string;
    lua_pcall(state: State, args: number, results: number, handler: number): number;
  };
  export const lauxlib: {
    luaL_newstate(): State;
    luaL_requiref(state: State, name: Uint8Array, open: (state: State) => number, global: boolean): void;
    luaL_loadstring(state: State, code: Uint8Array): number;
  };
  export const lualib: { luaopen_base(state: State): number; luaopen_table(state: State): number };
}
