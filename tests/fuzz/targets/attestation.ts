// SPDX-License-Identifier: Apache-2.0
import {
  AttestationError,
  AWS_NITRO_ROOT,
  assertProductionRoot,
  unsafeParseAttestation,
  verifyAttestation,
} from '@enclave-vault/attestation';
import { decodeCbor, encodeCbor, parseCoseSign1, parseDer } from '@enclave-vault/codec';
import {
  buildAttestationDocument,
  buildNitroChain,
  createNitroRoot,
  lockedPcrs,
} from '@enclave-vault/emulator-pki';
import { parseCertificate } from '../../../verifier/attestation/src/certificate.ts';
import { verifyChain } from '../../../verifier/attestation/src/chain.ts';
import { readExtensions } from '../../../verifier/attestation/src/extensions.ts';
import { fingerprintOf, parseRoot } from '../../../verifier/attestation/src/root.ts';
import { holds, refusesWith, sameBytes, type Target } from '../target.ts';
import { fromHex, vector } from './samples.ts';

const SOURCE = 'verifier/attestation/src';
const AT = Date.UTC(2026, 5, 1, 12);
const ROOT = createNitroRoot(AT);
const CHAIN = buildNitroChain({ root: ROOT, at: AT });
const PCRS = lockedPcrs(
  Object.fromEntries([0, 1, 2, 3, 4, 8].map((index) => [index, Buffer.alloc(48, 0xa0 + index)])),
);
const DOCUMENT = buildAttestationDocument({
  chain: CHAIN,
  timestamp: AT,
  pcrs: PCRS,
  nonce: Buffer.alloc(16, 1),
  publicKey: Buffer.alloc(40, 2),
  userData: Buffer.of(3),
});
const GENUINE = parseCoseSign1(DOCUMENT);
const PRODUCTION = vector('nitro-attestation-production.cose');
const CERTIFICATES = [PRODUCTION, DOCUMENT].flatMap((document) => {
  const { certificate, cabundle } = unsafeParseAttestation(document);
  return [certificate, ...cabundle];
});
const CBOR_WORDS = [
  ...[
    'module_id',
    'digest',
    'timestamp',
    'pcrs',
    'certificate',
    'cabundle',
    'public_key',
    'user_data',
    'nonce',
    'SHA384',
  ].map((name) => encodeCbor(name)),
  ...['f6', '40', '80', 'a0', 'd2', '1bffffffffffffffff', '5830', '590400', 'a1013822', '84'].map(fromHex),
];
const DER_WORDS = [
  '3000',
  '020100',
  '0101ff',
  '010100',
  '0603551d0f',
  '0603551d13',
  '0603551d23',
  '300a06082a8648ce3d040303',
  '0500',
  'a303',
  '170d',
  '180f',
  '03020780',
].map(fromHex);
const CERTIFICATE_CODES = /^certificate_(?:malformed|algorithm|key|extension)$/;

export const attestation: readonly Target[] = [
  {
    name: 'attestation: unsafeParseAttestation',
    covers: [`${SOURCE}/document.ts#unsafeParseAttestation`],
    seeds: () => [PRODUCTION, vector('nitro-attestation-debug.cose'), DOCUMENT],
    words: CBOR_WORDS,
    maxLength: 12_300,
    refuses: refusesWith(AttestationError, /_invalid$|_malformed$|_too_large$|^payload_|_unsupported$/),
    run: (input) => {
      const { claims, certificate, cabundle, envelope } = unsafeParseAttestation(input);
      holds(input.length <= 12_288, 'no document is longer than the module makes one');
      holds(claims.timestamp > 0 && claims.pcrs.size > 0 && claims.pcrs.size <= 32, 'time and registers');
      for (const [index, value] of claims.pcrs)
        holds(index <= 31 && value.length === 48, 'registers have 48 bytes');
      for (const part of [certificate, ...cabundle])
        holds(part.length > 0 && part.length <= 1024, 'certificates have their length');
      const payload = decodeCbor(envelope.payload);
      holds(
        payload instanceof Map && payload.get('digest') === 'SHA384',
        'the payload is the one that was signed',
      );
      const [first = 0] = input;
      const copied = Buffer.from(certificate);
      const kept = Buffer.from(input);
      input.fill(first ^ 0xff);
      sameBytes(certificate, copied, 'what was read is a copy');
      kept.copy(input);
    },
  },
  {
    name: 'attestation: verifyAttestation',
    covers: [`${SOURCE}/verify.ts#verifyAttestation`, `${SOURCE}/pcr-policy.ts#checkPcrs`],
    seeds: () => [DOCUMENT, PRODUCTION],
    words: CBOR_WORDS,
    maxLength: 12_300,
    refuses: (error) => error instanceof AttestationError && !/^(?:options|root)_/.test(error.code),
    run: (input) => {
      const verified = verifyAttestation(input, { root: ROOT.certificate, at: AT, requirePcrs: [8] });
      const { payload, protectedHeader } = parseCoseSign1(input);
      // Signatures and the COSE tag may differ: what they vouch for may not.
      sameBytes(payload, GENUINE.payload, 'nothing verifies but what the module signed');
      sameBytes(protectedHeader, GENUINE.protectedHeader, 'under its header');
      holds(!verified.production, 'a development root is not that of AWS');
    },
  },
  {
    name: 'attestation: parseCertificate',
    covers: [`${SOURCE}/certificate.ts#parseCertificate`],
    seeds: () => CERTIFICATES,
    words: DER_WORDS,
    maxLength: 1100,
    refuses: refusesWith(AttestationError, CERTIFICATE_CODES),
    run: (input) => {
      const { der, x509, publicKey, subject, issuer } = parseCertificate(input);
      sameBytes(x509.raw, der, 'OpenSSL read the same bytes');
      holds(publicKey.asymmetricKeyDetails?.namedCurve === 'secp384r1', 'keys are on P-384');
      holds(input.includes(subject) && input.includes(issuer), 'names are as encoded');
    },
  },
  {
    name: 'attestation: readExtensions',
    covers: [`${SOURCE}/extensions.ts#readExtensions`],
    seeds: () =>
      CERTIFICATES.flatMap((certificate) => {
        const field = parseDer(certificate).children?.[0]?.children?.[7];
        return field === undefined ? [] : [field.bytes];
      }),
    words: DER_WORDS,
    maxLength: 512,
    refuses: (error) => refusesExtension(error) || refusesAsn1(error),
    run: (input) => {
      const { basicConstraints } = readExtensions(parseDer(input));
      holds(basicConstraints === undefined || basicConstraints.pathLength >= 0, 'a path length counts');
    },
  },
  {
    name: 'attestation: parseRoot',
    covers: ['root.ts#parseRoot', 'root.ts#assertProductionRoot', 'root.ts#fingerprintOf'].map(
      (name) => `${SOURCE}/${name}`,
    ),
    seeds: () => [...CERTIFICATES.slice(0, 2), Buffer.from(AWS_NITRO_ROOT)],
    words: ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '\n', ...DER_WORDS],
    maxLength: 2048,
    refuses: refusesWith(AttestationError, /^root_(?:invalid|not_production)$/),
    run: (input) => {
      const text = input.includes('-----');
      const root = text ? input.toString('latin1') : input;
      holds(/^[0-9a-f]{64}$/.test(fingerprintOf(parseRoot(root))), 'a root has a fingerprint');
      assertProductionRoot(root);
    },
  },
  {
    name: 'attestation: verifyChain',
    covers: [`${SOURCE}/chain.ts#verifyChain`],
    seeds: () => [CHAIN.cabundle[1] ?? Buffer.alloc(0)].map((bytes) => Buffer.from(bytes)),
    words: DER_WORDS,
    maxLength: 1100,
    refuses: (error) =>
      error instanceof AttestationError && /^(?:certificate|chain|issuer|path|leaf)_/.test(error.code),
    run: (input) => {
      const { cabundle, certificate } = unsafeParseAttestation(DOCUMENT);
      verifyChain(
        parseRoot(ROOT.certificate),
        cabundle.map((entry, index) => (index === 1 ? input : entry)),
        certificate,
        AT,
      );
      sameBytes(
        parseDer(input).children?.[0]?.bytes ?? input,
        parseDer(cabundle[1] ?? input).children?.[0]?.bytes ?? DOCUMENT,
        'nothing passes for an authority but one that the root signed',
      );
    },
  },
];

const refusesExtension = refusesWith(AttestationError, /^certificate_extension$/);
const refusesAsn1 = (error: unknown): boolean => error instanceof Error && error.name === 'CodecError';
