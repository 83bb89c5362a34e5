// SPDX-License-Identifier: Apache-2.0

/** A comparison that may stand as it does, or all of a file, and why. One that matches nothing any more is a mistake too. */
export interface Allowed {
  readonly file: string;
  /** As the source has it, on one line; left out: any in this file. */
  readonly text?: string;
  readonly why: string;
}

export const ALLOWED: readonly Allowed[] = [
  {
    file: 'trusted/expressions/src/tokens.ts',
    why: 'a token of the CEL grammar, not a credential; it is compared with quotes',
  },
  { file: 'emulators/iam/src/parse.ts', why: 'a token of JSON, not a credential' },
  {
    file: 'host/api/src/auth/authenticate.ts',
    text: 'token.startsWith(API_KEY_PREFIX)',
    why: 'tells an API key by the public prefix that all of them have',
  },
  {
    file: 'emulators/account/src/http/sigv4.ts',
    text: "credentials.sessionToken !== request.headers.get('x-amz-security-token')",
    why: 'an account in the process of a test; what authenticates is the signature, compared in constant time below',
  },
  {
    file: 'emulators/nitro/src/measure/measurer.ts',
    text: 'this.#kept?.signature !== signature',
    why: 'size and times of a file, by which a changed one is known',
  },
];

/**
 * Who may use timingSafeEqual itself: it throws for two lengths and is easily called with texts, so each of these was read. All others call
 * one of them.
 */
export const HELPERS: Readonly<Record<string, string>> = {
  'host/vault/src/util/bytes.ts': 'equalBytes, for every MAC and digest of the vault',
  'trusted/records/src/mac.ts': 'verifies a record’s MAC; depends on nothing of the host',
  'emulators/kms/src/sigv4.ts': 'signatures and session tokens of the emulated KMS',
  'emulators/account/src/http/sigv4.ts': 'signatures of the emulated account',
};
