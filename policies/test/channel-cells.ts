// SPDX-License-Identifier: Apache-2.0
import type { ContextValues } from '../../emulators/iam/src/index.ts';
import { type Cell, COMMON, cells, type Row } from './cells.ts';

const SIGNATURE = { 'kms:SigningAlgorithm': 'ECDSA_SHA_384', 'kms:MessageType': 'DIGEST' };
const signature = (more: Partial<typeof SIGNATURE>): ContextValues => ({ ...SIGNATURE, ...more });

/** @param signer whose side the key is */
export const channelCells = (signer: 'api' | 'instance'): readonly Cell[] => [
  ...COMMON,
  ...cells([
    [signer, 'inside', 'Sign', SIGNATURE, 'allow'],
    [signer, 'outside', 'Sign', SIGNATURE, 'DenyOutsideNetwork', 'stolen credentials'],
    [signer, 'otherEndpoint', 'Sign', SIGNATURE, 'DenyOutsideEndpoint'],
    [
      signer === 'api' ? 'instance' : 'api',
      'inside',
      'Sign',
      SIGNATURE,
      'DenySignByOthers',
      'neither side is the other',
    ],
    ['admin', 'inside', 'Sign', SIGNATURE, 'DenySignByOthers'],
    ['tagged', 'inside', 'Sign', SIGNATURE, 'DenySignByOthers'],
    ['deployment', 'outside', 'Sign', SIGNATURE, 'DenySignByOthers', 'a root is not signed'],
    ['breakGlass', 'outside', 'Sign', SIGNATURE, 'DenySignByOthers'],
    ['root', 'inside', 'Sign', SIGNATURE, 'DenySignByOthers'],
    ['stranger', 'inside', 'Sign', SIGNATURE, 'DenySignByOthers'],
    ...(['ECDSA_SHA_256', 'RSASSA_PSS_SHA_384'] as const).map(
      (algorithm): Row => [
        signer,
        'inside',
        'Sign',
        { ...SIGNATURE, 'kms:SigningAlgorithm': algorithm },
        'DenyOtherAlgorithms',
      ],
    ),
    [signer, 'inside', 'Sign', { 'kms:MessageType': 'DIGEST' }, 'DenyOtherAlgorithms'],
    [signer, 'inside', 'Sign', signature({ 'kms:MessageType': 'RAW' }), 'DenyOtherMessageTypes'],
    [
      signer,
      'inside',
      'Sign',
      { 'kms:SigningAlgorithm': 'ECDSA_SHA_384' },
      'DenyOtherMessageTypes',
      'RAW is the default',
    ],
    [signer, 'inside', 'GetPublicKey', {}, 'allow', 'to hold a root against'],
    [signer, 'inside', 'Verify', SIGNATURE, 'resource', 'whoever verifies has the root'],
    [signer, 'inside', 'DeriveSharedSecret', {}, 'resource'],
  ]),
];
