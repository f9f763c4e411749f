// WAIT: answered when enough peers have what was written; who waits holds up nobody but itself.
import { describe, expect, test } from "vitest";
import { maxWaitMs } from "../../../../responder/resp/commands/wait.ts";
import { settle } from "../../../support/manual-time.ts";
import { array, bulk, createDialogue, createService, error, integer, nil, ok, words } from "../clients.ts";
import { tells } from "./dialogue.ts";

const notInteger = error("ERR value is not an integer or out of range");
const badTimeout = error("ERR timeout is not an integer or out of range");
const pipeline = (...lines: string[]) => Buffer.concat(lines.map(words));

tells("of a pod that is alone nobody is waited for", [
  ["WAIT 0 0", integer(0)],
  ["WAIT -1 0", integer(0)],
  ["WAIT 0 9223372036854775807", integer(0)],
  ["WAIT x 0", notInteger],
  ["WAIT x x", notInteger],
  ["WAIT +1 0", notInteger],
  ["WAIT 9223372036854775808 0", notInteger],
  ["WAIT 0 x", badTimeout],
  ["WAIT 0 1.5", badTimeout],
  ["WAIT 0 9223372036854775808", badTimeout],
  ["WAIT 1 -1", error("ERR timeout is negative")],
  ["WAIT 1", error("ERR wrong number of arguments for 'wait' command")],
]);

test("more peers than there are is all of them, none included", async () => {
  const { client, ask } = createDialogue();
  expect(await ask("WAIT 5 0")).toBe("");
  await settle();
  expect(client.sent()).toBe(integer(0));
  const two = createDialogue({ peers: 2 });
  await two.ask("SET a 1");
  expect(await two.ask("WAIT 5 0")).toBe("");
  two.peers.acknowledge(1);
  await settle();
  expect(two.client.sent()).toBe(ok);
  two.peers.acknowledge(2);
  await settle();
  expect(two.client.sent()).toBe(`${ok}${integer(2)}`);
});

/** A client that has written and waits for two of three peers, of which one has its write. */
const waiting = async (timeout = 1_000, limits = {}) => {
  const dialogue = createDialogue({ peers: 3, limits });
  await dialogue.ask("SET a 1");
  dialogue.peers.acknowledge(1);
  expect(await dialogue.ask(`WAIT 2 ${timeout}`)).toBe("");
  await settle();
  const { client, peers } = dialogue;
  expect([client.sent(), peers.waiting, client.socket.isPaused()]).toEqual([ok, 1, false]);
  return { ...dialogue, heard: () => client.sent().slice(ok.length) };
};

test("is answered at once when they have it already, and with how many have", async () => {
  const { ask, peers } = createDialogue({ peers: 3 });
  await ask("SET a 1");
  peers.acknowledge(2);
  expect(await ask("WAIT 1 0")).toBe(integer(2));
  expect(peers.waiting).toBe(0);
});

test("is answered when they have it, and the connection goes on", async () => {
  const { peers, heard, ask, client } = await waiting();
  peers.acknowledge(2);
  await settle();
  expect([heard(), peers.waiting, client.socket.isPaused()]).toEqual([integer(2), 0, false]);
  expect(await ask("GET a")).toBe(bulk("1"));
  expect(await ask("WAIT 2 0")).toBe(integer(2));
});

test("is answered with how many have it when its time is over", async () => {
  const { time, heard } = await waiting();
  time.advance(999);
  await settle();
  expect(heard()).toBe("");
  time.advance(1);
  await settle();
  expect(heard()).toBe(integer(1));
});

test.each([0, maxWaitMs + 1, Number.MAX_SAFE_INTEGER])("with a time of %d ms it is answered after a minute", async (timeout) => {
  const { time, heard } = await waiting(timeout);
  time.advance(maxWaitMs - 1);
  await settle();
  expect(heard()).toBe("");
  time.advance(1);
  await settle();
  expect(heard()).toBe(integer(1));
});

test("waits for what was written before it, not after it", async () => {
  const { connect, peers, heard } = await waiting();
  peers.acknowledge(1);
  const other = connect();
  peers.acknowledge(2);
  await other.arrive(words("SET b 1"));
  await settle();
  expect(heard()).toBe(integer(2));
  await other.arrive(words("WAIT 1 0"));
  expect(other.sent()).toBe(ok);
});

test("others are served meanwhile, and see who waits", async () => {
  const { connect } = await waiting();
  const other = connect();
  await other.arrive(words("GET a"));
  expect(other.sent()).toBe(bulk("1"));
  await other.arrive(words("INFO clients"));
  expect(other.sent()).toContain("blocked_clients:1\r\n");
  await other.arrive(words("CLIENT LIST ID 1"));
  expect(other.sent()).toMatch(/id=1 .* flags=b .* cmd=wait /);
});

describe("commands behind it", () => {
  test("wait for it, whether they came with it or later, whole or in pieces", async () => {
    const { connect, peers } = createService({ peers: 1 });
    const client = connect();
    const last = words("ECHO last");
    await client.arrive(Buffer.concat([pipeline("SET a 1", "WAIT 1 0", "APPEND a 2", "WAIT 1 0"), words("GET a").subarray(0, 9)]));
    await client.arrive(words("GET a").subarray(9));
    await client.arrive(last.subarray(0, 5));
    await settle();
    expect(client.sent()).toBe(ok);
    peers.acknowledge(1);
    await settle();
    expect([client.sent(), peers.waiting]).toEqual([`${ok}${integer(1)}${integer(2)}`, 1]);
    await client.arrive(last.subarray(5));
    expect(client.sent()).toBe(`${ok}${integer(1)}${integer(2)}`);
    peers.acknowledge(1);
    await settle();
    expect(client.sent()).toBe(`${ok}${integer(1)}${integer(2)}${integer(1)}${bulk("12")}${bulk("last")}`);
  });

  test("are read up to 64 KiB, and then no more until it is answered", async () => {
    const { client, peers, heard } = await waiting();
    const echo = `ECHO ${"x".repeat(1_000)}`;
    for (let i = 0; i < 100; i++) await client.arrive(words(echo));
    expect(client.socket.isPaused()).toBe(true);
    expect(client.socket.readableLength).toBeGreaterThan(30_000);
    peers.acknowledge(2);
    for (let i = 0; i < 5; i++) await settle();
    expect(heard()).toBe(`${integer(2)}${bulk("x".repeat(1_000)).repeat(100)}`);
    expect(client.socket.isPaused()).toBe(false);
  });

  test("take of what all clients may hold, and give it back", async () => {
    const { client, connect, heard, peers } = await waiting(0, { inputBudgetBytes: 2_000, lineBytes: 1_000 });
    await client.arrive(words(`ECHO ${"x".repeat(1_500)}`));
    const other = connect();
    await other.arrive(`*2\r\n$4\r\nECHO\r\n$900\r\n${"y".repeat(700)}`);
    expect(other.sent()).toBe(error("ERR too many unfinished commands are held; try again later"));
    peers.acknowledge(2);
    await settle();
    expect(heard()).toBe(`${integer(2)}${bulk("x".repeat(1_500))}`);
    const third = connect();
    await third.arrive(`*2\r\n$4\r\nECHO\r\n$900\r\n${"z".repeat(900)}`);
    await third.arrive("\r\n");
    expect(third.sent()).toBe(bulk("z".repeat(900)));
  });

  test("that no budget is left for end the connection, and the wait", async () => {
    const { client, heard, peers } = await waiting(0, { inputBudgetBytes: 1_000, lineBytes: 1_000 });
    await client.arrive(words(`ECHO ${"x".repeat(3_000)}`));
    expect(heard()).toBe(error("ERR too many unfinished commands are held; try again later"));
    expect([client.isFinished, peers.waiting]).toEqual([true, 0]);
  });
});

test("a reply that the client has not read does not get lost, and neither do those behind it", async () => {
  const { connect, peers } = createService({ peers: 1 });
  const client = connect();
  client.hold(true);
  await client.arrive(pipeline("SET a 1", "WAIT 1 0", "GET a"));
  expect(client.socket.isPaused()).toBe(true);
  const other = connect();
  await other.arrive(words("GET a"));
  expect(other.sent()).toBe(bulk("1"));
  peers.acknowledge(1);
  await settle();
  client.hold(false);
  await settle();
  expect(client.sent()).toBe(`${ok}${integer(1)}${bulk("1")}`);

  // the other way round: read first, acknowledged then
  const second = connect();
  second.hold(true);
  await second.arrive(pipeline("SET a 2", "WAIT 1 0"));
  second.hold(false);
  await settle();
  expect([second.sent(), second.socket.isPaused()]).toEqual([ok, false]);
  peers.acknowledge(1);
  await settle();
  expect(second.sent()).toBe(`${ok}${integer(1)}`);
});

describe("a client that waits no longer", () => {
  test("by closing is forgotten", async () => {
    const { client, peers, series, errors } = await waiting();
    client.socket.destroy();
    await settle();
    expect([peers.waiting, errors, await series('kv_connections{protocol="resp"}')]).toEqual([0, [], 0]);
  });

  test("by ending its side is told how many have it so far, also when it would wait again", async () => {
    const { client, peers, heard } = await waiting();
    await client.arrive(pipeline("SET a 2", "WAIT 3 0"));
    await client.finish();
    await settle();
    expect([heard(), client.isFinished, peers.waiting]).toEqual([`${integer(1)}${ok}${integer(0)}`, true, 0]);
  });

  test("because it is killed hears nothing more", async () => {
    const { client, connect, peers, heard } = await waiting();
    const other = connect();
    await other.arrive(words("CLIENT KILL ID 1"));
    peers.acknowledge(3);
    await settle();
    expect([other.sent(), heard(), client.isFinished, peers.waiting]).toEqual([integer(1), "", true, 0]);
  });
});

describe("a drain", () => {
  test("waits for it", async () => {
    const { clients, peers, client, heard, time } = await waiting(4_000);
    clients.drain(20_000);
    time.advance(3_000);
    await settle();
    expect([heard(), client.isFinished]).toEqual(["", false]);
    peers.acknowledge(2);
    await settle();
    time.advance(60);
    await settle();
    expect([heard(), client.isFinished]).toEqual([integer(2), true]);
  });

  test("that has no patience left has it answered as things stand", async () => {
    const { clients, client, heard, time, peers } = await waiting(0);
    clients.drain(4_000);
    time.advance(1_995);
    await settle();
    expect(heard()).toBe("");
    time.advance(10);
    await settle();
    expect(heard()).toBe(integer(1));
    // what may be on the wire still is looked for
    await settle();
    expect([client.isFinished, peers.waiting]).toEqual([true, 0]);
  });

  test("that cuts it counts it", async () => {
    const { clients, peers, client } = await waiting();
    expect(clients.cut()).toBe(1);
    await settle();
    expect([client.isDestroyed, peers.waiting]).toEqual([true, 0]);
  });
});

test("inside MULTI it does not wait", async () => {
  const { ask, peers } = createDialogue({ peers: 2 });
  await ask("SET a 1");
  peers.acknowledge(1);
  await ask("MULTI");
  expect(await ask("WAIT 2 0")).toBe("+QUEUED\r\n");
  expect(await ask("SET a 2")).toBe("+QUEUED\r\n");
  expect(await ask("WAIT 2 0")).toBe("+QUEUED\r\n");
  expect(await ask("EXEC")).toBe(array(integer(1), ok, integer(0)));
});

test("its reply can be switched off, as can that of KEYS when it takes many turns", async () => {
  const { ask, say, client, store, peers } = createDialogue({ peers: 1 });
  for (let i = 0; i < 5_000; i++) store.put(Buffer.from(`k${i}`), 0, `k${i}`.length, Buffer.from("v"), 0, 1, 0);
  expect(await say(pipeline("CLIENT REPLY SKIP", "WAIT 1 0", "GET none"))).toBe("");
  peers.acknowledge(1);
  await settle();
  expect(client.sent()).toBe(nil);
  await say(pipeline("CLIENT REPLY OFF", "KEYS *", "CLIENT REPLY ON"));
  while (!client.sent().endsWith(ok)) await settle();
  expect(client.sent()).toBe(`${nil}${ok}`);
  expect(await ask("GET none")).toBe(nil);
});

test("a fault while it waits costs this client its connection, and nobody else anything", async () => {
  const { ask, client, connect, peers, errors } = createDialogue({ peers: 1 });
  await ask("SET a 1");
  Object.assign(peers, {
    wait: () => {
      throw new Error("a fault in replication");
    },
  });
  expect(await ask("WAIT 1 0")).toBe(error("ERR internal error"));
  expect([client.isFinished, errors.length]).toEqual([true, 1]);
  const other = connect();
  await other.arrive(words("GET a"));
  expect(other.sent()).toBe(bulk("1"));
});
