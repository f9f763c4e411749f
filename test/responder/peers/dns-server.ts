// A DNS server on loopback, UDP and TCP on one port, that answers A and AAAA questions as a test tells it to. RFC 1035, only as much as that takes.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIP, type AddressInfo, type Socket } from "node:net";

export type RecordType = "A" | "AAAA";

export type Reply =
  /** Without addresses: the name exists, but has no record of this type. `truncated`: over UDP only the note that there is more. */
  | { readonly addresses: readonly string[]; readonly ttl?: number; readonly truncated?: boolean }
  | "NXDOMAIN"
  | "SERVFAIL"
  | "REFUSED"
  /** No answer, ever. */
  | "drop";

export interface Question {
  readonly name: string;
  readonly type: RecordType;
  readonly over: "udp" | "tcp";
}

export interface DnsServer {
  /** As Resolver.setServers takes it. */
  readonly address: string;
  /** Everything that was asked, in order. */
  readonly questions: readonly Question[];
  close(): Promise<void>;
}

const typeCode = { A: 1, AAAA: 28 } as const;
const rcode = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;
const headerBytes = 12;

const readQuestion = (query: Buffer): { name: string; type: RecordType | undefined; end: number } => {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const code = query.readUInt16BE(at + 1);
  const type = code === typeCode.A ? "A" : code === typeCode.AAAA ? "AAAA" : undefined;
  // the root's zero, the type and the class
  return { name: labels.join("."), type, end: at + 5 };
};

const addressBytes = (address: string): Buffer => {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string | undefined): string[] => (text ? text.split(":") : []);
  const zeros = Array<string>(8 - groups(head).length - groups(tail).length).fill("0");
  return Buffer.from([...groups(head), ...zeros, ...groups(tail)].map((group) => group.padStart(4, "0")).join(""), "hex");
};

const record = (type: RecordType, address: string, ttl: number): Buffer => {
  const data = addressBytes(address);
  const fixed = Buffer.alloc(12);
  // the name: a pointer to the question's
  fixed.writeUInt16BE(0xc000 | headerBytes, 0);
  fixed.writeUInt16BE(typeCode[type], 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt32BE(ttl, 6);
  fixed.writeUInt16BE(data.length, 10);
  return Buffer.concat([fixed, data]);
};

const answer = (query: Buffer, end: number, type: RecordType, reply: Exclude<Reply, "drop">, over: Question["over"]): Buffer => {
  const found = typeof reply === "string" ? { addresses: [] } : reply;
  const cut = over === "udp" && found.truncated === true;
  const records = cut ? [] : found.addresses.map((address) => record(type, address, found.ttl ?? 5));
  const header = Buffer.alloc(headerBytes);
  query.copy(header, 0, 0, 2);
  // a response, authoritative, recursion wanted and to be had
  header.writeUInt16BE(0x8580 | (cut ? 0x0200 : 0) | (typeof reply === "string" ? rcode[reply] : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(headerBytes, end), ...records]);
};

/** `reply` is asked at every question, so a test changes what it returns. */
export const startDnsServer = async (reply: (name: string, type: RecordType) => Reply): Promise<DnsServer> => {
  const questions: Question[] = [];
  const respond = (query: Buffer, over: Question["over"], send: (message: Buffer) => void): void => {
    const { name, type, end } = readQuestion(query);
    if (type === undefined) return;
    questions.push({ name, type, over });
    const said = reply(name, type);
    if (said !== "drop") send(answer(query, end, type, said, over));
  };

  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    // one who has his answer may be gone before the rest arrives
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    let pending = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (; pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0); pending = pending.subarray(2 + pending.readUInt16BE(0))) {
        respond(pending.subarray(2, 2 + pending.readUInt16BE(0)), "tcp", (message) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(message.length);
          socket.write(Buffer.concat([length, message]));
        });
      }
    });
  });
  await once(tcp.listen(0, "127.0.0.1"), "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket("udp4", (query, from) => respond(query, "udp", (message) => udp.send(message, from.port, from.address)));
  await once(udp.bind(port, "127.0.0.1"), "listening");

  return {
    address: `127.0.0.1:${port}`,
    questions,
    async close() {
      if (!tcp.listening) return;
      for (const socket of sockets) socket.destroy();
      udp.close();
      tcp.close();
      await Promise.all([once(udp, "close"), once(tcp, "close")]);
    },
  };
};
