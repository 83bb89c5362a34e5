// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { issueCertificate } from '@enclave-vault/emulator-pki';
import { describe, expect, it } from 'vitest';
import { createChannelRoot, readChannelRoots } from '../src/index.ts';
import { TestKey } from './support.ts';

const key = new TestKey();
const other = new TestKey();
const invalid = expect.objectContaining({ name: 'ChannelError', code: 'root_invalid' });

describe('createChannelRoot', () => {
  it('depends on the key and the side alone', () => {
    const server = key.root('server');
    expect(key.root('server')).toBe(server);
    expect(key.root('client')).not.toBe(server);
    expect(other.root('server')).not.toBe(server);
  });

  it('is an authority for one side that nobody signed', () => {
    const root = new X509Certificate(key.root('client'));
    expect(root.ca).toBe(true);
    expect(root.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(root.subject).toBe('CN=enclave-vault channel client root');
    expect(root.validToDate.getUTCFullYear()).toBe(9999);
    expect(root.publicKey.equals(createPublicKey(key.privateKey))).toBe(true);
    expect(root.verify(root.publicKey)).toBe(false);
  });

  it.each([
    ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
  ])('refuses a key on %s', (_name, publicKey) => {
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    expect(() => createChannelRoot({ publicKey: spki, side: 'server' })).toThrow(invalid);
    expect(() => createChannelRoot({ publicKey: Buffer.from('no key'), side: 'server' })).toThrow(invalid);
  });
});

describe('readChannelRoots', () => {
  it('reads one, or several while keys are exchanged', () => {
    const [root] = readChannelRoots(key.root('server'), 'server');
    expect(root?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    const both = readChannelRoots(`${key.root('server')}\n${other.root('server')}`, 'server');
    expect(both.map(({ pem }) => pem)).toEqual([key.root('server'), other.root('server')]);
  });

  it('takes nothing that it would not write itself: swapped sides, other authorities, text around', () => {
    const { pem: foreign } = issueCertificate({
      subject: 'enclave-vault channel server root',
      key: key.privateKey,
      notBefore: 0,
      notAfter: Date.UTC(9999, 11, 31, 23, 59, 59),
      ca: true,
      pathLen: 0,
      keyUsage: ['keyCertSign'],
    });
    const root = key.root('server');
    for (const pem of ['', 'none', foreign, key.root('client'), `${root}x`, root + foreign]) {
      expect(() => readChannelRoots(pem, 'server'), pem).toThrow(invalid);
    }
    const broken = root.replace(/\n(.)/, '\n-');
    expect(() => readChannelRoots(broken, 'server')).toThrow(invalid);
    const damaged = root.replace(/[a-z]/g, 'A');
    expect(() => readChannelRoots(damaged, 'server')).toThrow(invalid);
  });
});
