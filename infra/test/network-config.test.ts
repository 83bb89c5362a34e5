// SPDX-License-Identifier: Apache-2.0
import { SettingsError } from '@enclave-vault/settings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBlock, isPrivate, overlap, parseBlock, part, within } from '../src/config/ipv4.ts';
import { emptyDefaultGroup } from '../src/stages/network/by-hand.ts';
import { type Changes, deployConfig } from './support/network.ts';

/** What the command would tell of a deploy.json with these changes. */
function problem(changes: Changes): string {
  try {
    deployConfig(changes);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return 'none';
}

describe('network.cidr', () => {
  it.each(['10.64.0.0/20', '10.0.0.0/16', '172.31.252.0/22', '192.168.0.0/16', '100.64.0.0/18'])(
    'takes %s',
    (cidr) => {
      expect(deployConfig({ network: { cidr } }).network.cidr).toBe(cidr);
    },
  );

  it.each([
    ['10.64.1.0/20', 'bits set behind /20'],
    ['10.64.0.0/23', 'too small'],
    ['10.0.0.0/15', '/16 at most'],
    ['8.8.0.0/16', 'not private'],
    ['172.32.0.0/16', 'not private'],
    ['10.64.0.256/24', 'must be a private IPv4 block'],
    ['10.64.0.0', 'must be a private IPv4 block'],
    ['10.64.0.0/33', 'must be a private IPv4 block'],
    ['fd00::/48', 'must be a private IPv4 block'],
  ])('refuses %s: %s', (cidr, reason) => {
    expect(problem({ network: { cidr } })).toContain(reason);
  });
});

describe('network.clientCidrs', () => {
  it.each([
    [['0.0.0.0/0'], 'not the internet'],
    [['128.0.0.0/1'], 'not the internet'],
    [['192.168.1.1/24'], 'bits set behind /24'],
    [['10.64.3.0/24'], 'lie outside the VPC'],
    [['10.0.0.0/8'], 'lie outside the VPC'],
    [['192.168.0.0/16', '192.168.7.0/24'], 'apart from each other'],
    [['192.168.7.0/24', '192.168.7.0/24'], 'apart from each other'],
  ])('refuses %j: %s', (clientCidrs, reason) => {
    expect(problem({ network: { clientCidrs } })).toContain(reason);
  });

  it('takes networks beside the VPC', () => {
    const clientCidrs = ['192.168.0.0/16', '10.0.0.0/20', '203.0.113.7/32'];
    expect(deployConfig({ network: { clientCidrs } }).network.clientCidrs).toEqual(clientCidrs);
  });
});

describe('other settings', () => {
  it.each([
    [{ network: { logDays: 366 } }, 'next is 400'],
    [{ network: { logDays: 4000 } }, 'a number of days that CloudWatch Logs knows'],
    [{ network: { endpoints: ['ec2'] } }, 'network.endpoints'],
    [{ network: { endpoints: ['sts', 'sts'] } }, 'are different ones'],
    [{ zones: ['eu-central-1a', 'eu-central-1i'] }, 'letters from a to h'],
    [{ network: { blockedNames: 0 } }, 'network.blockedNames'],
  ])('refuses %j', (changes, reason) => {
    expect(problem(changes)).toContain(reason);
  });

  it('reads a retention from a variable as well', () => {
    expect(deployConfig({ network: { logDays: 731 } }).network.logDays).toBe(731);
  });
});

describe('blocks', () => {
  const block = fc
    .tuple(fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
    .map(([bits, address]) => ({ bits, first: address - (address % 2 ** (32 - bits)) }));

  it('are read as they are written', () => {
    fc.assert(
      fc.property(block, (one) => {
        expect(parseBlock(formatBlock(one))).toEqual(one);
      }),
    );
  });

  it('overlap exactly when one has an address of the other', () => {
    const has = ({ first, bits }: { first: number; bits: number }, address: number): boolean =>
      address >= first && address < first + 2 ** (32 - bits);
    fc.assert(
      fc.property(block, block, (one, other) => {
        expect(overlap(one, other)).toBe(has(one, other.first) || has(other, one.first));
        expect(within(one, other)).toBe(
          has(other, one.first) && has(other, one.first + 2 ** (32 - one.bits) - 1),
        );
      }),
    );
  });

  it('have parts that fill them one after the other', () => {
    const parts = Array.from({ length: 16 }, (_, index) => part(parseBlock('10.64.0.0/20'), 24, index));
    expect(parts.map(formatBlock)).toEqual(Array.from({ length: 16 }, (_, index) => `10.64.${index}.0/24`));
    expect(() => part(parseBlock('10.64.0.0/20'), 24, 16)).toThrow(RangeError);
    expect(() => part(parseBlock('10.64.0.0/20'), 19, 0)).toThrow(RangeError);
  });

  it.each([
    ['10.255.255.0/24', true],
    ['11.0.0.0/24', false],
    ['172.16.0.0/12', true],
    ['172.0.0.0/8', false],
    ['100.128.0.0/24', false],
  ])('%s is private: %s', (text, expected) => {
    expect(isPrivate(parseBlock(text))).toBe(expected);
  });
});

describe('the default security group', () => {
  it('is emptied of all that is in it', () => {
    const rules = [
      { SecurityGroupRuleId: 'sgr-1', IsEgress: false },
      { SecurityGroupRuleId: 'sgr-2', IsEgress: true },
      { SecurityGroupRuleId: 'sgr-3', IsEgress: true },
    ];
    expect(emptyDefaultGroup('sg-1', rules)).toEqual([
      {
        operation: 'RevokeSecurityGroupIngress',
        input: { GroupId: 'sg-1', SecurityGroupRuleIds: ['sgr-1'] },
      },
      {
        operation: 'RevokeSecurityGroupEgress',
        input: { GroupId: 'sg-1', SecurityGroupRuleIds: ['sgr-2', 'sgr-3'] },
      },
    ]);
  });

  it('asks for nothing once it is empty', () => {
    expect(emptyDefaultGroup('sg-1', [])).toEqual([]);
  });
});
