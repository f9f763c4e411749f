// Error replies in Redis's own words.

export const syntaxError = "ERR syntax error";
export const notInteger = "ERR value is not an integer or out of range";
export const notFloat = "ERR value is not a valid float";
export const outOfMemory = "OOM command not allowed when used memory > 'maxmemory'.";
export const tooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
export const overflow = "ERR increment or decrement would overflow";
export const noAuth = "NOAUTH Authentication required.";
export const badKey = "ERR invalid key: it must have 1 to 512 bytes";

export const invalidExpire = (name: string) => `ERR invalid expire time in '${name}' command`;
export const wrongArity = (name: string) => `ERR wrong number of arguments for '${name}' command`;
export const unknownSubcommand = (container: string, given: string) => `ERR unknown subcommand '${given}'. Try ${container.toUpperCase()} HELP.`;
