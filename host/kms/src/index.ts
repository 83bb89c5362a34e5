// SPDX-License-Identifier: Apache-2.0
export {
  createVaultKms,
  type VaultKmsClient,
  type VaultKmsCredentials,
  type VaultKmsOptions,
} from './vault-kms.ts';
