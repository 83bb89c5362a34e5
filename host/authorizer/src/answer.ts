// SPDX-License-Identifier: Apache-2.0
import type { JWTPayload } from 'jose';
import { AuthorizerError } from './errors.ts';

/** What API Gateway takes of a Lambda authorizer ("Output from an API Gateway Lambda authorizer"). */
export interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    readonly Statement: readonly {
      readonly Action: 'execute-api:Invoke';
      readonly Effect: 'Allow';
      readonly Resource: string;
    }[];
  };
  /** The vault's rules read these: docs/lambda.md, "Who calls". No lists, no objects: API Gateway takes none. */
  readonly context: Readonly<Record<string, string | number | boolean>>;
}

/** An API's method, as API Gateway names it to its authorizer. */
export interface MethodArn {
  readonly region: string;
  readonly account: string;
  /** `arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/v` */
  readonly stage: string;
}

const METHOD =
  /^(arn:aws[a-z-]{0,20}:execute-api:([a-z0-9-]{1,30}):(\d{12}):[a-z0-9]{1,32}\/[\w-]{1,128})\/[A-Z]{3,7}\/[^*?]*$/;
/** Longest of OpenID Connect Core, section 2; without what could end a text in a line of JSON. */
const SUBJECT = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/;
const MAX_TEXT = 2048;
const MAX_CONTEXT = 6 * 1024;

/** @throws {AuthorizerError} `event_invalid` */
export function readMethodArn(text: string): MethodArn {
  const [, stage, region, account] = METHOD.exec(text) ?? [];
  if (stage === undefined || region === undefined || account === undefined) {
    throw new AuthorizerError('event_invalid', 'no_method');
  }
  return { stage, region, account };
}

/**
 * Lets the holder of a token in, to this API's paths below /v1 and no further: API Gateway keeps the answer, and asks it
 * about other methods too.
 * @throws {AuthorizerError} `token_refused`, `claim_unreadable`
 */
export function letIn(payload: JWTPayload, claims: readonly string[], method: MethodArn): AuthorizerAnswer {
  const { iss, sub, exp } = payload;
  if (iss === undefined || sub === undefined || exp === undefined || !SUBJECT.test(sub)) {
    throw new AuthorizerError('token_refused', 'subject');
  }
  const handed = claims.flatMap((claim): [string, string | number | boolean][] =>
    Object.hasOwn(payload, claim) ? [[claim, plainClaim(payload[claim])]] : [],
  );
  const context = { ...Object.fromEntries(handed), iss, sub, exp };
  if (JSON.stringify(context).length > MAX_CONTEXT) throw new AuthorizerError('claim_unreadable', 'too_long');
  return {
    principalId: `${iss}#${sub}`,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${method.stage}/*/v1/*` }],
    },
    context,
  };
}

/** Lists become text with spaces between, which the vault takes apart again: no member may have one in it, or a comma. */
function plainClaim(value: unknown): string | number | boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string') return checkText(value);
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && /^[^\s,]+$/.test(one))) {
    return checkText(value.join(' '));
  }
  throw new AuthorizerError('claim_unreadable', 'shape');
}

function checkText(text: string): string {
  if (text.length > MAX_TEXT || !text.isWellFormed() || /\p{Cc}/u.test(text)) {
    throw new AuthorizerError('claim_unreadable', 'text');
  }
  return text;
}
