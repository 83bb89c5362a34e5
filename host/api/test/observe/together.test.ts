// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { Metrics } from '../../src/observe/metrics.ts';
import { together } from '../../src/observe/together.ts';

const one = '# HELP a Words.\n# TYPE a counter\na{b="c"} 1\na 2\n# TYPE d gauge\nd 3\n';
const two = '# HELP a Words.\n# TYPE a counter\na{b="{ "} 4\n';

test('figures of several processes have each name’s lines together, under one HELP, and say whose they are', () => {
  expect(
    together([
      [1, one],
      [2, two],
    ]),
  ).toBe(`# HELP a Words.
# TYPE a counter
a{process="1",b="c"} 1
a{process="1"} 2
a{process="2",b="{ "} 4
# TYPE d gauge
d{process="1"} 3
# HELP enclave_vault_process_up Processes at this port that show their figures.
# TYPE enclave_vault_process_up gauge
enclave_vault_process_up{process="1"} 1
enclave_vault_process_up{process="2"} 1
`);
});

test('of a process that does not answer there is the fact alone', () => {
  const text = together([
    [1, one],
    [7, undefined],
  ]);
  expect(text).toContain('enclave_vault_process_up{process="7"} 0\n');
  expect(text.match(/process="7"/g)).toHaveLength(1);
});

test('no line of the real figures gets lost or is of nobody', () => {
  const metrics = new Metrics();
  metrics.started();
  metrics.finished({ method: 'GET', route: '/v1/vaults/:id', status: '200' }, 0.02);
  const text = metrics.text({ store: true });
  const samples = (of: string) => of.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const merged = samples(
    together([
      [1, text],
      [2, text],
    ]),
  );
  expect(merged).toHaveLength(2 * samples(text).length + 2);
  expect(merged.every((line) => /\{process="[12]"[,}]/.test(line))).toBe(true);
});
