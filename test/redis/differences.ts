// What is meant to differ from Redis beyond one command's notes, with the replies that prove it; docs/redis-compatibility.md lists it.
import { maxWaitMs } from "../../responder/resp/commands/wait.ts";
import type { Command } from "./connection.ts";

export interface Difference {
  /** What it is about: a command, or what commands have in common. */
  readonly subject: string;
  readonly redis: string;
  readonly ours: string;
  readonly why: string;
  /** Absent where no reply shows it. */
  readonly proof?: Proof;
}

export interface Proof {
  /** Sent one after the other to an empty server; the replies are those to the last of them. */
  readonly commands: readonly Command[];
  readonly redis: RegExp;
  readonly ours: RegExp;
}

const mebibyte = 2 ** 20;

export const differences: readonly Difference[] = [
  {
    subject: "Types",
    redis: "Lists, hashes, sets, sorted sets, streams and more",
    ours: "Strings alone; commands for the others are unknown",
    why: "A cache whose entries are replaced as a whole converges by one rule, the last write wins; the other types would each need one of their own.",
    proof: { commands: [["LPUSH", "a", "1"]], redis: /^:1\r\n$/, ours: /^-ERR unknown command 'LPUSH', with args beginning with: 'a' '1' \r\n$/ },
  },
  {
    subject: "Publish and subscribe, scripts, WATCH, blocking commands, modules, cluster, ACL",
    redis: "Served",
    ours: "Unknown commands",
    why: "They are not what caches are used for. WATCH comes later; until then SET with NX or XX, and If-Match over HTTP, cover compare and set.",
    proof: { commands: [["WATCH", "a"]], redis: /^\+OK\r\n$/, ours: /^-ERR unknown command 'WATCH', with args beginning with: 'a' \r\n$/ },
  },
  {
    subject: "Keys",
    redis: "0 bytes to 512 MiB",
    ours: "1 to 512 bytes; a command with another key is refused as a whole",
    why: "A key is also a path of the HTTP interface, and with a bound the index has a fixed cost per entry.",
    proof: { commands: [["MSET", "a", "1", "", "2"]], redis: /^\+OK\r\n$/, ours: /^-ERR invalid key: it must have 1 to 512 bytes\r\n$/ },
  },
  {
    subject: "Values",
    redis: "Up to 512 MiB (proto-max-bulk-len)",
    ours: "Up to `spec.cache.maxValueBytes`, 1 MiB by default; a longer one costs the command, not the connection",
    why: "One tenant's large value must not hold up everybody else's small ones.",
    proof: { commands: [["SET", "a", "x".repeat(mebibyte + 1)]], redis: /^\+OK\r\n$/, ours: /^-ERR string exceeds maximum allowed size \(proto-max-bulk-len\)\r\n$/ },
  },
  {
    subject: "Times to live",
    redis: "Up to 292 million years",
    ours: "Up to the year 10889, later ones are cut to it; where the tenant has a default or a maximum (`spec.cache.defaultTTL`, `maxTTL`), every write and every EXPIRE follows it",
    why: "48 bits of milliseconds are a column of the store; the tenant's limits hold whichever protocol writes.",
    proof: { commands: [["SET", "a", "1", "PXAT", "9223372036854775806"], ["PEXPIRETIME", "a"]], redis: /^:9223372036854775806\r\n$/, ours: /^:281474976710655\r\n$/ },
  },
  {
    subject: "Eviction",
    redis: "Off unless configured, by samples",
    ours: "On: TinyLFU by default (`spec.cache.evictionPolicy`), exact; with NoEviction a write that finds no room is refused with Redis's OOM error",
    why: "A cache that is full must go on taking writes.",
  },
  {
    subject: "Writes, and replicas that have them",
    redis: "A write is answered when this server has it; WAIT waits for replicas, for ever if it is told to, and however many there are",
    ours: `The same, whatever \`spec.replication.ack\` says, which is for HTTP. WAIT waits for peers: for those that there are, ${maxWaitMs / 1000} s at most, and not for a client that ends its side of the connection, which hears how many have it so far`,
    why: "A reply that waits holds up those behind it: pipelines stay fast, and who wants to know asks once at their end. A client that has gone without a word must not be kept.",
  },
  {
    subject: "Databases",
    redis: "16",
    ours: "1: SELECT takes 0 alone",
    why: "A tenant's second cache is a second KVResponder.",
  },
  {
    subject: "AUTH and HELLO",
    redis: "Users and passwords of the ACL",
    ours: "The user default with one of the tenant's tokens; an address that failed ten times in a row waits a second for each further try",
    why: "The tokens are the same as over HTTP, two while one replaces the other.",
  },
  {
    subject: "CLIENT SETINFO, CLIENT NO-TOUCH",
    redis: "From 7.2 on",
    ours: "Served, although the version shown is 7.0",
    why: "Client libraries send them when they connect and log an error otherwise.",
    proof: { commands: [["CLIENT", "SETINFO", "LIB-NAME", "x"]], redis: /^-ERR unknown subcommand/, ours: /^\+OK\r\n$/ },
  },
  {
    subject: "CLIENT KILL",
    redis: "The connection is cut and is no longer listed",
    ours: "The connection is ended and stays listed until the client has closed its side, or has taken too long to",
    why: "Replies that were made still arrive.",
  },
  {
    subject: "CONFIG SET",
    redis: "Changes the server",
    ours: "An error",
    why: "The KVResponder resource is where settings are changed; all pods then follow.",
    proof: { commands: [["CONFIG", "SET", "maxmemory", "1gb"]], redis: /^\+OK\r\n$/, ours: /^-ERR CONFIG SET is not supported; change the KVResponder resource\r\n$/ },
  },
  {
    subject: "An HTTP request on this port",
    redis: "Closed without an answer",
    ours: "Closed as well; what was wrong before the line that gives it away is answered first",
    why: "Replies that were made are sent. Nothing behind that line runs.",
  },
  {
    subject: "INCRBYFLOAT",
    redis: "Adds long doubles, so what was rounded shows; takes hexadecimal and infinity",
    ours: "Adds decimals, which are not rounded, to 17 digits after the point; hexadecimal and infinity are not valid floats",
    why: "The last digits of long doubles depend on the machine, and all pods must agree.",
    proof: { commands: [["SET", "a", "9007199254740993"], ["INCRBYFLOAT", "a", "0.1"]], redis: /^\$\d+\r\n9007199254740993\.099609375\r\n$/, ours: /^\$\d+\r\n9007199254740993\.1\r\n$/ },
  },
];
