// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  buildNitroChain,
  createNitroRoot,
  type Extension,
  issueChain,
  type NitroChain,
  nitroRootProfile,
  type SignedProfile,
  toPem,
} from '@enclave-vault/emulator-pki';
import { describe, expect, it } from 'vitest';
import { type AttestationErrorCode, AWS_NITRO_ROOT, assertProductionRoot } from '../src/index.ts';
import { AT, chain, chainWith, documentOf, expectRefusal, root, verify } from './support.ts';

const HOUR = 3_600_000;
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const custom = (critical: boolean, oid = '1.3.6.1.4.1.99999.1'): Extension => ({
  oid,
  critical,
  value: Buffer.from('0500', 'hex'),
});

type Edit = Partial<SignedProfile>;
/** Changes the profiles of regional, zonal, instance and leaf. */
const edited = (regional: Edit, zonal: Edit = {}, instance: Edit = {}, leaf: Edit = {}): NitroChain =>
  chainWith(([a, b, c, d]) => [
    { ...a, ...regional },
    { ...b, ...zonal },
    { ...c, ...instance },
    { ...d, ...leaf },
  ]);
/** A leaf on another kind of key; the document is signed with a P-384 key all the same, so that its form is right. */
const leafOn = (key: KeyObject): NitroChain => ({
  ...chainWith((profiles) => profiles, [undefined, undefined, undefined, key]),
  privateKey: chain.privateKey,
});
const leafOf = (edit: Edit): NitroChain => edited({}, {}, {}, edit);

describe('the path', () => {
  it.each<[string, NitroChain]>([
    ['with an intermediate less', chainWith(([a, , c, d]) => [a, c, d])],
    ['with the leaf issued by the root', chainWith(([, , , d]) => [d])],
    ['with key identifiers everywhere', edited({}, {}, { keyIdentifiers: true }, { keyIdentifiers: true })],
    [
      'with an authority key identifier where the issuer has none of its own',
      edited({}, {}, { keyIdentifiers: false }, { keyIdentifiers: true }),
    ],
    ['with key identifiers nowhere', edited({ keyIdentifiers: false }, { keyIdentifiers: false })],
    ['with an unknown extension that is not critical', leafOf({ extensions: [custom(false)] })],
    ['with a leaf that has no basicConstraints', leafOf({ ca: undefined })],
    ['with a usage that is not critical', edited({ keyUsageCritical: false })],
  ])('is taken %s', (_what, given) => {
    expect(verify(documentOf({ chain: given })).moduleId).toBe(given.moduleId);
  });

  it.each<[string, NitroChain, AttestationErrorCode]>([
    ['a regional that is no CA', edited({ ca: false, pathLen: undefined }), 'issuer_not_ca'],
    ['an instance that is no CA', edited({}, {}, { ca: false, pathLen: undefined }), 'issuer_not_ca'],
    ['a zonal without basicConstraints', edited({}, { ca: undefined }), 'issuer_not_ca'],
    [
      'a zonal with basicConstraints that are not critical',
      edited(
        {},
        {
          ca: undefined,
          extensions: [{ oid: '2.5.29.19', critical: false, value: Buffer.from('30030101ff', 'hex') }],
        },
      ),
      'issuer_not_ca',
    ],
    [
      'a zonal that may not sign certificates',
      edited({}, { keyUsage: ['digitalSignature', 'cRLSign'] }),
      'issuer_key_usage',
    ],
    ['an instance without key usage', edited({}, {}, { keyUsage: undefined }), 'issuer_key_usage'],
    ['a regional with path length 1', edited({ pathLen: 1 }), 'path_length_exceeded'],
    ['a zonal with path length 0', edited({}, { pathLen: 0 }), 'path_length_exceeded'],
    [
      'a second instance of a name of its own',
      chainWith(([a, b, c, d]) => [a, b, c, { ...c, subject: 'another' }, d]),
      'path_length_exceeded',
    ],
    ['an instance put in twice', chainWith(([a, b, c, d]) => [a, b, c, c, d]), 'chain_self_issued'],
    ['a leaf that is a CA', leafOf({ ca: true, pathLen: 0 }), 'leaf_is_ca'],
    ['a leaf with a path length', leafOf({ pathLen: 0 }), 'certificate_extension'],
    ['a leaf without digitalSignature', leafOf({ keyUsage: ['nonRepudiation'] }), 'leaf_key_usage'],
    ['a leaf without key usage', leafOf({ keyUsage: undefined }), 'leaf_key_usage'],
    [
      'a leaf that may sign certificates',
      leafOf({ keyUsage: ['digitalSignature', 'keyCertSign'] }),
      'leaf_key_usage',
    ],
    ['an expired regional', edited({ notAfter: AT - 1000 }), 'certificate_expired'],
    ['an expired zonal', edited({}, { notAfter: AT - 1000 }), 'certificate_expired'],
    ['an expired instance', edited({}, {}, { notAfter: AT - 1000 }), 'certificate_expired'],
    ['an expired leaf', leafOf({ notAfter: AT - 1000 }), 'certificate_expired'],
    ['a zonal of tomorrow', edited({}, { notBefore: AT + 24 * HOUR }), 'certificate_not_yet_valid'],
    ['a leaf of tomorrow', leafOf({ notBefore: AT + 24 * HOUR }), 'certificate_not_yet_valid'],
    [
      'a span that ends before it begins',
      leafOf({ notBefore: AT + 1000, notAfter: AT - 1000 }),
      'certificate_not_yet_valid',
    ],
    ['an unknown critical extension', leafOf({ extensions: [custom(true)] }), 'certificate_extension'],
    [
      'an extension twice',
      edited({}, { extensions: [custom(false), custom(false)] }),
      'certificate_extension',
    ],
    [
      'a usage twice',
      leafOf({ extensions: [{ oid: '2.5.29.15', critical: true, value: Buffer.from('03020780', 'hex') }] }),
      'certificate_extension',
    ],
    [
      'a usage that is no bit string',
      leafOf({ keyUsage: undefined, extensions: [custom(true, '2.5.29.15')] }),
      'certificate_extension',
    ],
    ['a leaf on P-256', leafOn(p256), 'certificate_key'],
    ['a leaf on P-521', leafOn(p521), 'certificate_key'],
    ['a leaf on RSA', leafOn(rsa), 'certificate_key'],
    [
      'a zonal on P-256',
      chainWith(([a, b, c, d]) => [a, b, { ...c, hash: 'sha384' }, d], [undefined, p256]),
      'certificate_key',
    ],
    ['a leaf signed with SHA-256', leafOf({ hash: 'sha256' }), 'certificate_algorithm'],
    ['an instance signed with SHA-512', edited({}, {}, { hash: 'sha512' }), 'certificate_algorithm'],
  ])('is refused with %s', (_what, given, code) => {
    expectRefusal(code, documentOf({ chain: given }));
  });
});

describe('swapped certificates', () => {
  const other = buildNitroChain({ root, at: AT, moduleId: chain.moduleId });
  const withBundle = (cabundle: readonly Buffer[], more: Partial<NitroChain> = {}): Buffer =>
    documentOf({ chain: { ...chain, cabundle, ...more } });
  const [first, regional, zonal, instance] = chain.cabundle as [Buffer, Buffer, Buffer, Buffer];

  it.each<[string, Buffer, AttestationErrorCode]>([
    [
      'a leaf of another chain under the same root',
      withBundle(chain.cabundle, { certificate: other.certificate }),
      'chain_not_linked',
    ],
    [
      'an intermediate of another chain',
      withBundle([first, other.cabundle[1] ?? first, zonal, instance]),
      'chain_not_linked',
    ],
    ['intermediates in the wrong order', withBundle([first, zonal, regional, instance]), 'chain_not_linked'],
    ['a bundle with the leaf first', withBundle([instance, zonal, regional, first]), 'chain_foreign_root'],
    ['a bundle without its root', withBundle([regional, zonal, instance]), 'chain_foreign_root'],
    ['a bundle without the instance', withBundle([first, regional, zonal]), 'chain_not_linked'],
    [
      'the root as the leaf',
      withBundle(chain.cabundle, { certificate: root.certificate }),
      'chain_not_linked',
    ],
    ['the root twice', withBundle([first, first, regional, zonal, instance]), 'chain_self_issued'],
    [
      'another leaf key',
      documentOf({ chain: { ...chain, privateKey: other.privateKey } }),
      'signature_invalid',
    ],
    [
      'a PEM certificate',
      withBundle(chain.cabundle, { certificate: Buffer.from(toPem(chain.certificate)) }),
      'certificate_malformed',
    ],
    [
      'a certificate followed by a byte',
      withBundle(chain.cabundle, { certificate: Buffer.concat([chain.certificate, Buffer.of(0)]) }),
      'certificate_malformed',
    ],
    [
      'a certificate cut short',
      withBundle(chain.cabundle, { certificate: chain.certificate.subarray(0, -1) }),
      'certificate_malformed',
    ],
    [
      'bytes that are no certificate',
      withBundle(chain.cabundle, { certificate: Buffer.from('3003020101', 'hex') }),
      'certificate_malformed',
    ],
  ])('%s', (_what, document, code) => {
    expectRefusal(code, document);
  });

  it('a chain whose names agree and whose signature another key made', () => {
    const namesake = chainWith((profiles) => profiles);
    const forged = issueChain([{ ...leafProfile(), subject: 'leaf' }], {
      certificate: namesake.cabundle[3] ?? first,
      privateKey: other.privateKey,
    })[0];
    if (forged === undefined) throw new Error('nothing issued');
    const document = documentOf({
      chain: { ...namesake, certificate: forged.certificate, privateKey: forged.privateKey },
    });
    expectRefusal('chain_signature', document);
  });

  it('an authority key identifier that names another key', () => {
    const identifiers = issueChain([{ ...leafProfile(), keyIdentifiers: true }], {
      certificate: regional,
      privateKey: other.privateKey,
    })[0];
    if (identifiers === undefined) throw new Error('nothing issued');
    const document = documentOf({
      chain: {
        ...chain,
        cabundle: [first, regional],
        certificate: identifiers.certificate,
        privateKey: identifiers.privateKey,
      },
    });
    expectRefusal('chain_not_linked', document);
  });

  function leafProfile(): SignedProfile {
    return {
      subject: 'leaf',
      notBefore: AT,
      notAfter: AT + HOUR,
      ca: false,
      keyUsage: ['digitalSignature'],
      keyIdentifiers: false,
    };
  }
});

describe('the trust anchor', () => {
  const foreign = createNitroRoot(AT);

  it('is compared with the pinned one, not read from the document', () => {
    expectRefusal('chain_foreign_root', documentOf({ chain: buildNitroChain({ root: foreign, at: AT }) }));
    expectRefusal('chain_foreign_root', documentOf(), { root: foreign.certificate });
  });
  it('is not replaced by a root of the same name', () => {
    const chained = buildNitroChain({ root: foreign, at: AT });
    const cabundle = [root.certificate, ...chained.cabundle.slice(1)];
    expectRefusal('chain_not_linked', documentOf({ chain: { ...chained, cabundle } }));
  });
  it('is the one of AWS where none is named', () => {
    expectRefusal('chain_foreign_root', documentOf(), { root: undefined });
  });
  it('is taken as PEM as well', () => {
    expect(verify(documentOf(), { root: toPem(root.certificate) }).production).toBe(false);
  });
  it('has a span of its own', () => {
    expectRefusal('certificate_expired', documentOf(), { at: AT + 30 * 365 * 24 * HOUR });
    expectRefusal('certificate_not_yet_valid', documentOf(), { at: AT - 2 * HOUR });
  });
  it.each<[string, string | Uint8Array, AttestationErrorCode]>([
    ['text that is no certificate', 'nothing', 'root_invalid'],
    ['empty bytes', Buffer.alloc(0), 'root_invalid'],
    ['PEM in bytes', Buffer.from(toPem(root.certificate)), 'root_invalid'],
    ['DER followed by a byte', Buffer.concat([root.certificate, Buffer.of(0)]), 'root_invalid'],
    [
      'a root on P-256',
      issueChain([nitroRootProfile(AT)], undefined, [p256])[0]?.certificate ?? '',
      'root_invalid',
    ],
  ])('is refused where it is %s', (_what, given, code) => {
    expectRefusal(code, documentOf(), { root: given });
  });
  it.each<[string, Edit, AttestationErrorCode]>([
    ['no CA', { ca: false }, 'issuer_not_ca'],
    ['without keyCertSign', { keyUsage: ['digitalSignature'] }, 'issuer_key_usage'],
    ['of path length 2', { pathLen: 2 }, 'path_length_exceeded'],
  ])('is held to the rules of every CA: %s', (_what, edit, code) => {
    const [weak = root] = issueChain([{ ...nitroRootProfile(AT), ...edit }]);
    expectRefusal(code, documentOf({ chain: buildNitroChain({ root: weak, at: AT }) }), {
      root: weak.certificate,
    });
  });

  describe('in production', () => {
    it('is the one of AWS and nothing else, whatever it is called', () => {
      expectRefusal('root_not_production', documentOf(), { production: true });
      const [imitation = root] = issueChain([
        {
          ...nitroRootProfile(AT),
          subject: [
            ['C', 'US'],
            ['O', 'Amazon'],
            ['OU', 'AWS'],
            ['CN', 'aws.nitro-enclaves'],
          ],
        },
      ]);
      const document = documentOf({ chain: buildNitroChain({ root: imitation, at: AT }) });
      expect(verify(document, { root: imitation.certificate }).production).toBe(false);
      expectRefusal('root_not_production', document, { root: imitation.certificate, production: true });
    });
    it('is checked by assertProductionRoot at start-up', () => {
      expect(() => assertProductionRoot(AWS_NITRO_ROOT)).not.toThrow();
      expect(() => assertProductionRoot(toPem(root.certificate))).toThrow(
        expect.objectContaining({ code: 'root_not_production' }),
      );
      expect(() => assertProductionRoot('')).toThrow(expect.objectContaining({ code: 'root_invalid' }));
    });
  });
});
