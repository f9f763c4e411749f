// Input that no client library sends: each case as bytes, to be answered as Redis answers it.

/** Pieces are written one after the other, each only when the server has had the chance to read the one before. */
export interface WireCase {
  readonly name: string;
  readonly pieces: readonly string[];
}

const ping = "*1\r\n$4\r\nPING\r\n";
const digits = "1".repeat(70_000);

const inline: Readonly<Record<string, string>> = {
  "a line": "PING\r\n",
  "a line that ends with LF alone": "PING\n",
  "empty lines": "\r\n\n\r\n",
  "spaces around": "  ECHO   hello  \r\n",
  "tab between": "ECHO\thello\r\n",
  "double quotes": 'ECHO "two words"\r\n',
  "escapes in double quotes": 'ECHO "\\x00\\xfF\\n\\r\\t\\b\\a\\\\\\"\\q\\xZZ"\r\n',
  "single quotes": "ECHO 'it\\'s \\n'\r\n",
  "empty argument": "ECHO ''\r\n",
  "empty command": '""\r\n',
  "quotes in the middle of a word": 'ECHO a"b c"d\r\n',
  "an open double quote": 'ECHO "a\r\n',
  "an open single quote": "ECHO 'a\r\n",
  "a letter after a closing quote": 'ECHO "a"b\r\n',
  "bytes beyond ASCII": "ECHO \xff\xfe\r\n",
  "a lone CR inside": "ECHO a\rb\r\n",
  "an unknown command": "good day\r\n",
  "other type bytes": "+OK\r\n:1\r\n-ERR\r\n$4\r\n~1\r\n",
  "a line of 60,000 bytes": `ECHO ${"x".repeat(60_000)}\r\n`,
  "a line without an end": `ECHO ${"x".repeat(200_000)}`,
  "a line that ends too late": `ECHO ${"x".repeat(200_000)}\r\n`,
  "an HTTP POST": "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
  "POST alone": "POST\r\n",
  "host: in small letters": "host: x\r\n",
};

const multibulk: Readonly<Record<string, string>> = {
  "count 0": "*0\r\n",
  "count -1": "*-1\r\n",
  "count -10": "*-10\r\n",
  "count with a sign": "*+1\r\n$4\r\nPING\r\n",
  "count with a leading zero": "*01\r\n$4\r\nPING\r\n",
  "count with a space": "* 1\r\n$4\r\nPING\r\n",
  "count of letters": "*abc\r\n",
  "no count": "*\r\n",
  "count beyond int32": "*2147483648\r\n",
  "count beyond int64": "*9223372036854775808\r\n",
  "count of 70,000 digits": `*${digits}`,
  "length of 70,000 digits": `*1\r\n$${digits}`,
  "an element without $": "*1\r\nPING\r\n",
  "an element that is a number": "*2\r\n$4\r\nECHO\r\n:1\r\n",
  "an element that is an array": "*2\r\n$4\r\nECHO\r\n*1\r\n",
  "a byte beyond ASCII instead of $": "*1\r\n\xff4\r\nPING\r\n",
  "length -1": "*1\r\n$-1\r\n",
  "length of letters": "*1\r\n$abc\r\n",
  "no length": "*1\r\n$\r\n",
  "length with a sign": "*1\r\n$+4\r\nPING\r\n",
  "length with a leading zero": "*1\r\n$04\r\nPING\r\n",
  "length with a space": "*1\r\n$4 \r\nPING\r\n",
  "length beyond 512 MiB": "*1\r\n$536870913\r\n",
  "length beyond int64": "*1\r\n$9223372036854775808\r\n",
  "a command of length 0": "*1\r\n$0\r\n\r\n",
  "an empty value": "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$0\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
  "good ones before a bad one": `${ping}${ping}*1\r\n$x\r\n${ping}`,
  "a write before a bad one, and one after": "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n*x\r\n*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$1\r\n1\r\n",
  "inline between others": `${ping}PING\r\n${ping}\r\n${ping}`,
  "QUIT with more behind it": `*1\r\n$4\r\nQUIT\r\n${ping}`,
  "a command of 1,000 arguments": `*1000\r\n$6\r\nEXISTS\r\n${"$1\r\na\r\n".repeat(999)}`,
  "a pipeline of 10,000": ping.repeat(10_000),
  "a value of 1,000,000 bytes": `*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1000000\r\n${"y".repeat(1_000_000)}\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n`,
};

const split: readonly WireCase[] = [
  { name: "a line in two pieces", pieces: ["PI", "NG\r\n"] },
  { name: "CR and LF apart", pieces: ["*1\r", "\n$4\r", "\nPING\r", "\n"] },
  { name: "a bad length in two pieces", pieces: ["*1\r\n$", "x\r\n"] },
  { name: "an element that has only begun to be wrong", pieces: ["*1\r\n", "P"] },
  { name: "an inline line too long, in pieces", pieces: ["x".repeat(40_000), "x".repeat(40_000), "x"] },
  { name: "a value in three pieces", pieces: ["*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100000\r\n", "z".repeat(50_000), `${"z".repeat(50_000)}\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n`] },
];

const whole = (group: string, cases: Readonly<Record<string, string>>): WireCase[] => Object.entries(cases).map(([name, bytes]) => ({ name: `${group}: ${name}`, pieces: [bytes] }));

export const malformed: readonly WireCase[] = [...whole("inline", inline), ...whole("array", multibulk), ...split];

/** Before a token was given: Redis keeps strangers to 10 arguments of 16 KiB. */
export const strangers: readonly WireCase[] = whole("stranger", {
  "a command": "*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
  "an unknown command": "*1\r\n$3\r\nFOO\r\n",
  "wrong arity": "*1\r\n$3\r\nGET\r\n",
  ping: ping,
  inline: "GET a\r\n",
  "11 arguments": `*11\r\n$6\r\nEXISTS\r\n${"$1\r\na\r\n".repeat(10)}`,
  "10 arguments": `*10\r\n$6\r\nEXISTS\r\n${"$1\r\na\r\n".repeat(9)}`,
  "a bulk of 16,385 bytes": `*2\r\n$4\r\nECHO\r\n$16385\r\n${"x".repeat(16_385)}\r\n`,
  "a bulk of 16,384 bytes": `*2\r\n$4\r\nECHO\r\n$16384\r\n${"x".repeat(16_384)}\r\n`,
  "HELLO without a version": "HELLO\r\n",
  "HELLO 2": "HELLO 2\r\n",
  "HELLO 3": "HELLO 3\r\n",
  "HELLO 3 with a wrong token": "HELLO 3 AUTH default wrong\r\n",
  "HELLO 4": "HELLO 4\r\n",
  "HELLO with half an AUTH": "HELLO 3 AUTH default\r\n",
  "AUTH with a wrong token": "AUTH wrong\r\n",
  "AUTH with another user": "AUTH somebody TOKEN\r\n",
  "AUTH without a token": "AUTH\r\n",
  "AUTH with too much": "AUTH default TOKEN more\r\n",
  "AUTH with the token": "AUTH TOKEN\r\nGET nothing\r\n",
  "AUTH as default": "AUTH default TOKEN\r\nGET nothing\r\n",
  "AUTH in capitals and an empty token": 'AUTH ""\r\n',
  "HELLO 3 with the token and a name": "HELLO 3 SETNAME me AUTH default TOKEN\r\nCLIENT GETNAME\r\nGET nothing\r\n",
  "HELLO 3 with a bad name": 'HELLO 3 AUTH default TOKEN SETNAME "a b"\r\nGET nothing\r\n',
  "a wrong token after the right one": "AUTH TOKEN\r\nAUTH wrong\r\nGET nothing\r\n",
  "RESET takes the token back": "AUTH TOKEN\r\nRESET\r\nGET nothing\r\n",
  MULTI: "MULTI\r\nGET a\r\nEXEC\r\n",
  QUIT: "QUIT\r\n",
  RESET: "RESET\r\n",
  COMMAND: "COMMAND COUNT\r\n",
  CLIENT: "CLIENT ID\r\n",
});
