// SPDX-License-Identifier: Apache-2.0
/**
 * The clients: a process of their own, so that they share no event loop with the vault or with what measures it. Each client has one
 * kept-alive connection and sends its next request when the answer before is complete, and where they come at a rate of their own when it is due.
 */
import { arrivals, dueAt } from './arrivals.ts';
import { Connection, NoAnswer, type Reply } from './connection.ts';
import type { Job, Said, Sample } from './load.ts';
import { at, type Call, type Known, OPERATIONS, type Records, serialize, whole } from './operations.ts';
import { callsOf, shuffled, untilQuiet } from './warm.ts';

const READERS = 8;

let records: Records = { hot: [], cold: [] };
let next = 0;
let nextCold = 0;

process.on('message', (job: Job | { readonly records: Records }) => {
  if ('records' in job) {
    records = job.records;
    nextCold = 0;
    return;
  }
  run(job).then(
    (sample) => say({ sample }),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

const say = (said: Said): void => void process.send?.(said);

async function run(job: Job): Promise<Sample> {
  const { port, key, keys = [], kmsEvents, clients, warmUpMs, ms, rate, patient } = job;
  const found = OPERATIONS.find(({ name }) => name === job.operation);
  if (found === undefined) throw new Error(`no operation ${job.operation}`);
  if (found.afterReading === true) {
    await readHot(port, key, { fresh: true });
    await untilQuiet(() => readHot(port, key), callsOf('Decrypt', kmsEvents));
  }
  const coldFrom = nextCold;
  const cold = (): Known => at(records.cold, nextCold++);
  const times: number[] = [];
  const errors = new Map<string, number>();
  const odd = new Map<string, number>();
  const made: Known[] = [];
  const add = (to: Map<string, number>, what: string) => to.set(what, (to.get(what) ?? 0) + 1);
  const began = performance.now();
  const [measureFrom, until] = [began + warmUpMs, began + warmUpMs + ms];
  let usage = process.cpuUsage();
  const start = setTimeout(() => {
    usage = process.cpuUsage();
    say({ phase: 'measuring' });
  }, warmUpMs);
  let used: NodeJS.CpuUsage | undefined;
  const end = () => {
    clearTimeout(ending);
    if (used !== undefined) return;
    used = process.cpuUsage(usage);
    say({ phase: 'ending' });
  };
  const ending = setTimeout(end, warmUpMs + ms);
  let last = measureFrom;
  const coming = rate === undefined ? undefined : arrivals(began, rate);

  const client = async (_: unknown, place: number) => {
    const connection = new Connection(port);
    const own = keys[place % keys.length] ?? key;
    while (performance.now() < until) {
      const due = coming?.next().value ?? undefined;
      if (due !== undefined && due >= until) break;
      const from = due === undefined ? undefined : await dueAt(due);
      const n = next++;
      const call = found.call(n, records, cold);
      const request = serialize(call, port, own);
      const sent = from ?? performance.now();
      let problem: string | undefined;
      let pause = 0;
      try {
        const reply = await connection.ask(request);
        problem = judge(call, reply);
        if (reply.status === 201 && job.keep) made.push({ id: reply.body.slice(7, 35), n });
        if (problem !== undefined && reply.status !== call.status) {
          const fault = unclean(reply);
          if (fault !== undefined) add(odd, `${problem}: ${fault}`);
          pause = Number(/\r\nretry-after: (\d+)/.exec(reply.headers)?.[1] ?? 0) * 1000;
        }
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        problem = error.what;
        add(odd, problem);
      }
      const done = performance.now();
      // By its end: with many clients those that were begun in the warm-up are most of what is answered in a short window.
      if (done >= measureFrom) {
        if (problem === undefined) times.push(done - sent);
        else add(errors, problem);
        last = Math.max(last, done);
      }
      // As a well-behaved client does; an impatient one asks again at once.
      if (patient && pause > 0)
        await new Promise((wake) =>
          setTimeout(wake, Math.min(pause, until - done) * (0.5 + Math.random() / 2)),
        );
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: clients }, client));
  clearTimeout(start);
  end();
  return {
    times,
    errors: [...errors],
    odd: [...odd],
    ms: last - measureFrom,
    cpuSeconds: used === undefined ? 0 : (used.user + used.system) / 1e6,
    coldRepeated: nextCold > records.cold.length && coldFrom < nextCold,
    made,
  };
}

/** Each record of the hot set once. An error is not told here: whoever is measured afterwards has it as well, or has the record's key. */
async function readHot(port: number, key: string, more: object = {}): Promise<void> {
  const left = shuffled(records.hot).values();
  const client = async () => {
    const connection = new Connection(port);
    for (const known of left) await connection.ask(serialize(whole(known, more), port, key));
    connection.close();
  };
  await Promise.all(Array.from({ length: READERS }, client));
}

/** Undefined when the answer is the right one; else what is wrong with it. */
function judge({ status, holds }: Call, reply: Reply): string | undefined {
  if (reply.status !== status) return `${reply.status} ${/"code":"([a-z_]+)"/.exec(reply.body)?.[1] ?? '?'}`;
  if (holds.every((part) => reply.body.includes(part))) return undefined;
  // An expression beyond its time is an error of that expression in an answer that is otherwise good.
  const code = /"code":"([a-z_]+)"/.exec(reply.body)?.[1];
  return code === undefined ? 'wrong answer' : `${status} ${code}`;
}

/** What an answer lacks that refuses for want of room: it must be a 503 or 429 as a problem document, with Retry-After. */
function unclean({ status, headers, body }: Reply): string | undefined {
  if (status !== 503 && status !== 429) return 'another status';
  if (!/\r\nretry-after: [1-9]\d*/.test(headers)) return 'no Retry-After';
  if (!headers.includes('\r\ncontent-type: application/problem+json')) return 'no problem document';
  const { code, status: said } = JSON.parse(body) as { code?: unknown; status?: unknown };
  return typeof code === 'string' && said === status ? undefined : 'another problem document';
}
