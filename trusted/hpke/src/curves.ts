// SPDX-License-Identifier: Apache-2.0
import type { Suite } from './suites.ts';

/** What the DER forms of a curve's keys are made of. */
export interface Curve {
  /** The curve's OBJECT IDENTIFIER, a whole TLV. */
  readonly oid: Buffer;
  /** The AlgorithmIdentifier {id-ecPublicKey, curve}, a whole TLV (RFC 5480 section 2.1.1). */
  readonly algorithm: Buffer;
  /** SubjectPublicKeyInfo up to and without the point: named curve, uncompressed point. */
  readonly spkiPrefix: Buffer;
  /** n, the order of the group, as long as a private scalar. */
  readonly order: Buffer;
}

function curve(oidHex: string, spkiHeadHex: string, bitStringHeadHex: string, orderHex: string): Curve {
  const oid = Buffer.from(oidHex, 'hex');
  const ecPublicKey = Buffer.from('06072a8648ce3d0201', 'hex');
  const algorithm = Buffer.concat([Buffer.from([0x30, ecPublicKey.length + oid.length]), ecPublicKey, oid]);
  const spkiPrefix = Buffer.concat([
    Buffer.from(spkiHeadHex, 'hex'),
    algorithm,
    Buffer.from(bitStringHeadHex, 'hex'),
  ]);
  return { oid, algorithm, spkiPrefix, order: Buffer.from(orderHex, 'hex') };
}

// Orders: FIPS 186-4 appendix D.1.2, also SEC 2 version 2.
const CURVES: Readonly<Record<Suite['name'], Curve>> = {
  'P-256': curve(
    '06082a8648ce3d030107',
    '3059',
    '034200',
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  ),
  'P-384': curve(
    '06052b81040022',
    '3076',
    '036200',
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ),
  'P-521': curve(
    '06052b81040023',
    '30819b',
    '03818600',
    `01${'ff'.repeat(32)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`,
  ),
};

export function curveOf(suite: Suite): Curve {
  return CURVES[suite.name];
}
