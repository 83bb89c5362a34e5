// SPDX-License-Identifier: Apache-2.0

/** 1 and 2 are of every command: it failed, its words are off. */
export const EXIT_CODES = { Good: 0, UnexpectedAllow: 3, PolicyDrift: 4, CanaryError: 5 } as const;

export const CANARY_USAGE = `enclave-vault canary run --once [--json] [--data DIR]
  Asks now, of the vault that runs on DIR, all that its canary asks each minute: decryption without the enclave, from inside
  and outside and as the parent's role; other uses of the keys; whether policies are as deployed and no key has a grant;
  and a decryption that must succeed.
  --data DIR   data folder of the running vault (.vault)     ENCLAVE_VAULT_DATA
  --json       for programs
  Exit code 0: all was refused, all is as deployed, and the control passed. 3: UnexpectedAllow. 4: PolicyDrift.
  5: CanaryError, nothing is known. The worst, where there are several. 1: the command failed.`;
