// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { explain, type Statement } from '../src/index.ts';
import { ACCOUNT, allowAll, ask, KEY, nothing, OBJECT, policy, role, root, user } from './support.ts';

const PCR2 = 'kms:RecipientAttestation:PCR2';
const keyPolicy = {
  Id: 'vault-key',
  ...policy(
    { Sid: 'AllowAccount', Principal: { AWS: ACCOUNT } },
    {
      Sid: 'DenyWithoutPCR2',
      Effect: 'Deny',
      Principal: '*',
      Action: 'kms:Decrypt',
      Condition: { StringNotEqualsIgnoreCase: { [PCR2]: ['aa', 'bb'] } },
    },
  ),
};
const decrypt = { action: 'kms:Decrypt', resource: KEY };

describe('explain', () => {
  it('names the Deny, what the request has and what would be allowed', () => {
    const decision = ask(
      { ...decrypt, context: { [PCR2]: 'cc' } },
      { identity: [allowAll], resource: keyPolicy },
    );
    expect(explain(decision).split('\n')).toEqual([
      `Denied: kms:Decrypt on ${KEY} by ${user.arn}`,
      `Deny by vault-key policy statement DenyWithoutPCR2: ${PCR2} is cc, allowed aa or bb`,
    ]);
    expect(decision.decidedBy).toEqual({
      layer: 'resource',
      policy: 'vault-key policy',
      sid: 'DenyWithoutPCR2',
      index: 1,
    });
  });

  it('says that a key is absent', () => {
    const decision = ask(decrypt, { identity: [allowAll], resource: keyPolicy });
    expect(explain(decision)).toContain(`${PCR2} is absent, allowed aa or bb`);
  });

  it('says what a positive condition of a Deny denies', () => {
    const tls = policy({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    const decision = ask(
      { context: { 'aws:SecureTransport': 'false' } },
      { identity: [{ name: 'tls only', document: tls }] },
    );
    expect(explain(decision)).toContain(
      'Deny by tls only statement #0: aws:SecureTransport is false, denied false',
    );
  });

  it('names the Allow', () => {
    const decision = ask(
      { ...decrypt, context: { [PCR2]: 'AA' } },
      { identity: [allowAll], resource: keyPolicy },
    );
    expect(explain(decision).split('\n')[1]).toBe('Allow by vault-key policy statement AllowAccount');
    expect(explain(ask({ principal: root }, {}))).toContain('Allowed to the root user');
  });

  it('says which kind of policy lacks an Allow, and what came close', () => {
    const almost = policy(
      { Sid: 'Office', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
      { Sid: 'Elsewhere', Action: 'ec2:*' },
      { Sid: 'Mfa', Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } },
    );
    const decision = ask({ context: { 'aws:SourceIp': '192.0.2.1' } }, { identity: [nothing, almost] });
    expect(explain(decision).split('\n')).toEqual([
      `Denied: s3:GetObject on ${OBJECT} by ${user.arn}`,
      'No Allow in the identity policies',
      '- identity policy 2 statement Office would allow it, but aws:SourceIp is 192.0.2.1 and IpAddress wants 10.0.0.0/8',
      '- identity policy 2 statement Mfa would allow it, but aws:MultiFactorAuthPresent is absent and Bool wants true',
    ]);
    const trust = policy({ Principal: { AWS: role.arn } });
    expect(explain(ask(decrypt, { resource: trust }))).toContain(
      'No Allow in the resource policy\n- resource policy statement #0',
    );
  });

  it('says what is there or not there under Null', () => {
    const unencrypted = policy({ Effect: 'Deny', Condition: { Null: { 'x:key': 'true' } } });
    expect(explain(ask({}, { identity: [unencrypted] }))).toMatch(/statement #0: x:key is absent$/);
  });

  it('looks at the resource policy as well where an identity policy would do, and nowhere else', () => {
    const office = policy({ Sid: 'Office', Principal: '*', Condition: { Bool: { 'x:office': 'true' } } });
    const { Principal: _, ...bare } = (office.Statement as Statement[])[0] ?? {};
    const boundary = policy({ ...bare, Sid: 'Bound' });
    expect(
      explain(ask({}, { resource: office, boundary }))
        .split('\n')
        .slice(1),
    ).toEqual([
      'No Allow in the identity policies',
      '- resource policy statement Office would allow it, but x:office is absent and Bool wants true',
    ]);
    expect(
      explain(ask({}, { identity: [allowAll], resource: office, boundary }))
        .split('\n')
        .slice(1),
    ).toEqual([
      'No Allow in the permissions boundary',
      '- permissions boundary statement Bound would allow it, but x:office is absent and Bool wants true',
    ]);
  });

  it('names the first of equal Allows', () => {
    const two = policy({ Sid: 'First' }, { Sid: 'Second' });
    expect(ask({}, { identity: [two, allowAll] }).decidedBy?.sid).toBe('First');
  });

  it('stays short, whatever the policies', () => {
    const many = policy(...Array.from({ length: 50 }, () => ({ Condition: { Bool: { 'x:y': 'true' } } })));
    expect(explain(ask({}, { identity: [many] })).split('\n')).toHaveLength(5);
  });
});

describe('the trace', () => {
  it('has every statement with the element that failed first', () => {
    const document = policy(
      { Sid: 'A', Action: 'ec2:*' },
      { Sid: 'R', Resource: 'arn:aws:s3:::other' },
      { Sid: 'C', Condition: { StringEquals: { 'x:a': '1', 'x:b': '2' } } },
      { Sid: 'M' },
    );
    const { trace } = ask(
      { context: { 'x:a': '1' } },
      { identity: [document], resource: policy({ Sid: 'P', Principal: { AWS: role.arn } }) },
    );
    expect(trace.map(({ layer, sid, matched, failed }) => [layer, sid, matched, failed])).toEqual([
      ['resource', 'P', false, 'principal'],
      ['identity', 'A', false, 'action'],
      ['identity', 'R', false, 'resource'],
      ['identity', 'C', false, 'condition'],
      ['identity', 'M', true, null],
    ]);
    expect(trace[3]?.conditions).toEqual([
      { operator: 'StringEquals', key: 'x:a', expected: ['1'], actual: ['1'], matched: true },
      { operator: 'StringEquals', key: 'x:b', expected: ['2'], actual: null, matched: false },
    ]);
  });
});
