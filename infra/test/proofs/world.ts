// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { DEPLOY, exampleKnown, type Known } from '../../src/index.ts';
import { readAccount } from './account.ts';
import { CELLS } from './cells.ts';
import { questionsOf } from './judge.ts';
import { parseTable } from './table.ts';

/** Beside the example: a pipeline, which has a role for each of its steps. */
const CHOICES = {
  deployers: [
    'arn:aws:iam::111122223333:role/people/deployer',
    'arn:aws:iam::111122223333:role/vault/vault-deploy',
  ],
  pipeline: {
    source: 'connection',
    connection:
      'arn:aws:codeconnections:eu-central-1:111122223333:connection/11111111-2222-4333-8444-555555555555',
    repository: 'example/enclave-vault',
  },
};

/** The example's account, and every request of the matrix on it. */
export function theMatrix() {
  const config = readRole(DEPLOY, { file: { ...(DEPLOY.example as object), ...CHOICES }, env: {} });
  const account = readAccount(distinct(exampleKnown(config)));
  const cells = parseTable(CELLS, account);
  return { account, cells, questions: cells.flatMap((cell) => questionsOf(account, cell)) };
}

/** Examples of outputs stand for themselves; here two keys of one ARN would be one key. */
function distinct(known: Known): Known {
  const seen = new Set<string>();
  const outputs = [...known.outputs].map(([stage, values]) => {
    const own = Object.entries(values).map(([name, value]) => {
      if (typeof value !== 'string' || !value.includes(':key/')) return [name, value] as const;
      let one = value;
      for (let digit = 0; seen.has(one); digit++)
        one = value.replace(/[0-9a-f]{12}$/, String(digit).repeat(12));
      seen.add(one);
      return [name, one] as const;
    });
    return [stage, Object.fromEntries(own)] as const;
  });
  return { ...known, outputs: new Map(outputs) };
}
