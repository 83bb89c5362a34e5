// SPDX-License-Identifier: Apache-2.0

/** Why nobody is let in. Told to the log, and never to the caller. */
export type AuthorizerErrorCode =
  /** Not a token that this issuer signed for this audience and this time. */
  | 'token_refused'
  /** A claim has another shape than it should: a narrowing that cannot be read must not widen. */
  | 'claim_unreadable'
  /** The issuer's keys are out of reach, so no token can be told from another. */
  | 'keys_unavailable'
  /** Not an event of a TOKEN authorizer of an API of this account and Region. */
  | 'event_invalid';

export class AuthorizerError extends Error {
  override readonly name = 'AuthorizerError';
  readonly code: AuthorizerErrorCode;

  /** @param reason a fixed word, or a code of jose: nothing of a token */
  constructor(code: AuthorizerErrorCode, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.code = code;
  }
}
