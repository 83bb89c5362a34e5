// SPDX-License-Identifier: Apache-2.0
/**
 * The clients: a process of their own, so that they share no event loop with the vault or with what measures it. Each
 * client has one kept-alive connection and sends its next request when the answer before is complete.
 */
import { Agent, request } from 'node:http';
import type { Job, Sample } from './load.ts';
import { type Call, OPERATIONS } from './operations.ts';

process.on('message', (job: Job) => {
  run(job).then(
    (sample) => process.send?.(sample),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run({ port, key, operation, clients, ids, warmUpMs, ms, from }: Job): Promise<Sample> {
  const found = OPERATIONS.find(({ name }) => name === operation);
  if (found === undefined) throw new Error(`no operation ${operation}`);
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const times: number[] = [];
  const errors = new Map<string, number>();
  const began = performance.now();
  const [measureFrom, until] = [began + warmUpMs, began + warmUpMs + ms];
  let next = from;
  let last = measureFrom;

  const client = async () => {
    while (performance.now() < until) {
      const n = next++;
      const call = found.call(n, ids[n % ids.length] ?? '');
      const sent = performance.now();
      const problem = await ask(agent, port, headers, call, found.check);
      const done = performance.now();
      if (sent < measureFrom) continue;
      if (problem === undefined) times.push(done - sent);
      else errors.set(problem, (errors.get(problem) ?? 0) + 1);
      last = Math.max(last, done);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return { times, errors: [...errors], ms: last - measureFrom, next };
}

/** Undefined when the answer is the right one; else what is wrong with it. */
function ask(
  agent: Agent,
  port: number,
  headers: Readonly<Record<string, string>>,
  { method, path, body, status }: Call,
  check: (answer: unknown) => boolean,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(
      { agent, host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', () => resolve('broken answer'));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (answer.statusCode !== status) resolve(`${answer.statusCode} ${codeOf(text)}`);
          else resolve(check(JSON.parse(text)) ? undefined : 'wrong answer');
        });
      },
    );
    sent.on('error', (error) => resolve('code' in error ? String(error.code) : 'no answer'));
    sent.end(body);
  });
}

const codeOf = (text: string) => /"code":"([a-z_]+)"/.exec(text)?.[1] ?? '';
