// Fills a cache and then churns it, a hundred operations a turn of the event loop, and prints the longest stalls. Arguments: subject, entries.
import { startHeart } from "./heartbeat.ts";
import { makeSubject, type SubjectName } from "./subjects.ts";

const [name, count] = process.argv.slice(2);
const entries = Number(count);
const subject = makeSubject(name as SubjectName, entries);
const perTurn = 100;
const tidyEveryTurns = 100;
const heart = await startHeart();

/** `operations` in turns, each a beat. */
const run = async (operations: number, operate: (i: number) => void) => {
  await heart.reset();
  for (let i = 0, turn = 0; i < operations; turn++) {
    heart.beat();
    for (const end = Math.min(operations, i + perTurn); i < end; i++) operate(i);
    if (turn % tidyEveryTurns === 0) subject.tidy();
    await new Promise(setImmediate);
  }
  heart.beat();
  return heart.read();
};

const fill = await run(entries, (i) => subject.put(i));
const held = subject.entries();
// each put is of a key that is not there and evicts one; gets ask for keys all over what was put lately
const churn = await run(2 * entries, (i) => (i % 2 ? void subject.get(entries + ((i * 7919) % entries) - (entries >> 1)) : subject.put(entries + i)));
console.log(JSON.stringify({ fill, churn, held }));
await heart.stop();
