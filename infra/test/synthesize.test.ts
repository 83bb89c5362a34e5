// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { Fn, Token } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import {
  DEPLOY,
  exampleKnown,
  KEYS,
  type Known,
  NETWORK,
  type OutputShape,
  type OutputValues,
  parseOutputs,
  synthesize,
} from '../src/index.ts';

const known = exampleKnown(readRole(DEPLOY, { file: DEPLOY.example, env: {} }));

/** What is known, with one output of a stage in place of the example's. */
function knownWith(stage: string, name: string, value: string | readonly string[]): Known {
  const outputs = new Map(known.outputs);
  outputs.set(stage, { ...outputs.get(stage), [name]: value } as OutputValues<OutputShape>);
  return { ...known, outputs };
}

describe('a template', () => {
  test('is made of plain text, and says which stage it is', () => {
    const { Resources, Description } = synthesize(NETWORK, known);
    expect(Resources).toHaveProperty('Vpc');
    expect(Description).toBe('Network without internet access (Enclave Vault vault)');
  });

  // A hash over such a text (PCR3, PCR16) would be one of a name that CDK made up, and a policy would hold no id.
  test.each<[string, string | readonly string[]]>([
    ['a token', Token.asString({ Ref: 'Vpc' })],
    ['a token within text', `vpc-${Token.asString({ Ref: 'Vpc' })}`],
    ['a value that another stack exports', Fn.importValue('vpc')],
    ['a token in a list', ['vpc-11111111111111111', Token.asString({ Ref: 'Vpc' })]],
  ])('is not made of %s', (_, value) => {
    const refused = expect.objectContaining({ code: 'unresolved_token' });
    expect(() => synthesize(KEYS, knownWith('network', 'VpcId', value))).toThrow(refused);
  });

  test('is not made before the outputs that it needs are there', () => {
    const refused = expect.objectContaining({ code: 'output_missing' });
    expect(() => synthesize(KEYS, { ...known, outputs: new Map() })).toThrow(refused);
  });
});

describe('outputs of a stack', () => {
  const given = { VpcId: 'vpc-11111111111111111' };

  test.each([
    ['missing', {}, 'output_missing'],
    ['something else', { VpcId: 'vpc-1; rm' }, 'output_invalid'],
    ['longer than they may be', { VpcId: `${given.VpcId}1` }, 'output_invalid'],
    ['a token', { VpcId: Token.asString({ Ref: 'Vpc' }) }, 'output_invalid'],
  ])('are refused when they are %s', (_, outputs, code) => {
    const shape = { VpcId: NETWORK.outputs.VpcId };
    expect(parseOutputs('network', shape, given)).toEqual(given);
    expect(() => parseOutputs('network', shape, outputs)).toThrow(expect.objectContaining({ code }));
  });
});
