// SPDX-License-Identifier: Apache-2.0
import { explain, validatePolicy } from '@enclave-vault/emulator-iam';
import { describe, expect, it } from 'vitest';
import { answerOf, MODES, type Question } from './judge.ts';
import { type Fate, fateOf, mutantsOf, reachOf } from './mutation.ts';
import { SURVIVORS } from './survivors.ts';
import { theMatrix } from './world.ts';

const { account, cells, questions } = theMatrix();

/** A wrong cell: the row, what it says, what came, and the statement that decided. */
function complaint({ cell, expected, decide }: Question): string[] {
  const decision = decide();
  const answer = answerOf(decision);
  if (answer === expected) return [];
  const { who, where, action, resource, line, why } = cell;
  const row = `${who} | ${where} | ${action} | ${resource} (line ${line} of the table: ${why})`;
  return [`${row}\n  expected ${expected}, got ${answer}\n  ${explain(decision).replaceAll('\n', '\n  ')}`];
}

describe('the account of the templates', () => {
  it('has only policies that AWS takes', () => {
    const problems = [...account.policies.values()].flatMap(({ id, kind, document }) =>
      // A function that nobody may call from outside has no policy.
      [document.Statement].flat().length === 0
        ? []
        : validatePolicy(document, kind).map((problem) => `${id} ${problem.path}: ${problem.message}`),
    );
    expect(problems).toEqual([]);
    expect(account.policies.size).toBeGreaterThan(60);
  });

  it('has a boundary on every role, and only known services and people in every trust', () => {
    for (const [name, { boundary, trust }] of account.roles) {
      expect(boundary, name).not.toBeNull();
      const principals = [account.policies.get(trust)?.document.Statement]
        .flat()
        .map((one) => one?.Principal);
      for (const principal of principals) {
        const one = JSON.stringify(principal);
        expect(one, name).toMatch(
          /^\{"(Service":"[a-z0-9-]+\.amazonaws\.com|AWS":"arn:aws:iam::111122223333:root)"\}$/,
        );
      }
    }
  });

  it('keeps no secret: neither Secrets Manager nor a secure parameter, in no template', () => {
    const text = JSON.stringify([...account.templates]);
    expect(text).not.toMatch(
      /AWS::SecretsManager|AWS::SSM::Parameter|SecureString|secretsmanager:|ssm-secure/,
    );
    expect(text).not.toMatch(/\{\{resolve:(secretsmanager|ssm-secure)/);
  });
});

describe('the matrix', () => {
  it('asks for everybody, from everywhere, about every kind of thing', () => {
    const asked = (member: 'who' | 'where') => new Set(cells.map((cell) => cell[member]));
    for (const who of [
      ...['api', 'api-role', 'instance', 'enclave', 'canary-inside', 'canary-outside', 'pipeline', 'build'],
      ...['deployment', 'admin', 'tagged', 'operator', 'root', 'break-glass', 'stranger', 'anonymous'],
      ...['slr-config', 'slr-analyzer', 'slr-scaling', 'slr-replication', 'deployer', 'smoke', 'on-call'],
      ...['events!', 'cloudwatch!', 'logs.eu-central-1!', 'cloudtrail!', 'lambda!', 'dynamodb!', 's3!'],
    ]) {
      expect([...asked('who')]).toContain(who);
    }
    for (const where of [
      ...['ours', 'second-endpoint', 'other-vpc', 'other-vpc-our-endpoint', 'same-id', 'internet'],
      ...[
        'forwarded',
        'via-s3',
        'via-dynamodb',
        'via-sns',
        'for-us',
        'for-others',
        'silent',
        'lambda-service',
      ],
    ]) {
      expect([...asked('where')]).toContain(where);
    }
    const kinds = new Set(cells.map(({ action }) => action.split(':')[0]));
    for (const kind of ['kms', 'dynamodb', 's3', 'sns', 'lambda', 'iam', 'sts', 'logs', 'execute-api']) {
      expect([...kinds]).toContain(kind);
    }
  });

  it('has no row twice', () => {
    const texts = cells.map(({ line: _, why: __, answer: ___, hostile: ____, id: _____, ...cell }) =>
      JSON.stringify(cell),
    );
    const twice = texts.filter((text, index) => texts.indexOf(text) !== index);
    expect(twice).toEqual([]);
  });

  it.each(MODES)('answers every request as expected: %s', (mode) => {
    const wrong = questions.filter((question) => question.mode === mode).flatMap(complaint);
    expect(wrong.slice(0, 20).join('\n'), `${wrong.length} wrong`).toBe('');
  });
});

describe('one thing less, in any policy of any template', () => {
  const mutants = mutantsOf(account);
  const reach = reachOf(questions, account);
  const fates = mutants.map((mutant) => [mutant, fateOf(mutant, reach)] as const);

  it('is noticed by the matrix, or explained', () => {
    const count = (of: typeof fates, fate: Fate): number => of.filter(([, one]) => one === fate).length;
    const lines = [...account.policies.keys()].map((id) => {
      const own = fates.filter(([{ policy }]) => policy === id);
      const noticed = own.length - count(own, 'alive');
      const told = count(own, 'told');
      return `${id}: ${noticed} of ${own.length}${told === 0 ? '' : `, ${told} by another statement that refuses`}`;
    });
    const noticed = fates.length - count(fates, 'alive');
    console.info(
      `${lines.join('\n')}\n${cells.length} requests; ${noticed} of ${fates.length} mutants noticed`,
    );
    const alive = fates.filter(([, fate]) => fate === 'alive').map(([{ what }]) => what);
    expect(alive.toSorted()).toEqual(SURVIVORS.flatMap(({ what }) => what).toSorted());
  });

  it('is tried in every statement', () => {
    const tried = new Set(
      mutants.filter(({ alone }) => alone === null).map(({ policy, index }) => `${policy} ${index}`),
    );
    const all = [...account.policies.values()].flatMap(({ id, document }) =>
      [document.Statement].flat().map((_, index) => `${id} ${index}`),
    );
    expect([...tried].toSorted()).toEqual(all.toSorted());
  });
});
