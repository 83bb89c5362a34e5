// SPDX-License-Identifier: Apache-2.0

/** Who signed a request, as IAM names them. */
export interface IamIdentity {
  /** ARN of the role or user, of a role without its path: `arn:aws:iam::111122223333:role/clerk`. */
  readonly arn: string;
  readonly account: string;
  /** Of an assumed role or a federated user: chosen by whoever assumed it. */
  readonly session: string | null;
}

const ARN = /^arn:(aws[a-z-]{0,20}):(iam|sts)::([0-9]{12}):([^:]{1,512})$/;
/** IAM's own alphabet of names, paths and sessions. */
const PATH = /^[\w+=,.@/-]+$/;

/**
 * Reads the `userArn` of a signed request. The ARN of an assumed role has the role's name and not its path, and names
 * are unique within an account: so a role is its name, with or without a path.
 * @returns undefined for what is no ARN of a caller
 */
export function readCallerArn(text: string): IamIdentity | undefined {
  const [, partition, service, account = '', resource = ''] = ARN.exec(text) ?? [];
  if (partition === undefined || !PATH.test(resource)) return undefined;
  const iam = `arn:${partition}:iam::${account}`;
  const parts = resource.split('/');
  const [kind = '', first = '', second = ''] = parts;
  if (service === 'sts') {
    if (kind === 'assumed-role' && parts.length === 3 && first !== '' && second !== '')
      return { arn: `${iam}:role/${first}`, account, session: second };
    if (kind === 'federated-user' && parts.length === 2 && first !== '')
      return { arn: `arn:${partition}:sts::${account}:federated-user/${first}`, account, session: null };
    return undefined;
  }
  if (resource === 'root') return { arn: `${iam}:root`, account, session: null };
  const name = parts.at(-1) ?? '';
  if (name === '' || parts.length < 2) return undefined;
  if (kind === 'role') return { arn: `${iam}:role/${name}`, account, session: null };
  if (kind === 'user') return { arn: `${iam}:${resource}`, account, session: null };
  return undefined;
}

/** A pattern of a policy file: compares the ARN as {@link readCallerArn} gives it. */
export interface ArnPattern {
  readonly text: string;
  /** Without any `*`. */
  readonly exact: boolean;
  readonly matches: (arn: string) => boolean;
}

/**
 * Reads the ARN of a rule: exact, or with `*` for any run of characters within a name or path. The account is always
 * a number: whoever owns another account chooses the names in it.
 * @returns why it is none, or the pattern
 */
export function readArnPattern(text: string): ArnPattern | string {
  if (/[?[\]{}$]/.test(text)) return 'has a character that is no wildcard here: * alone is';
  const exact = !text.includes('*');
  if (exact) {
    const read = readCallerArn(text);
    if (read === undefined) return 'is no ARN of a role, a user, a federated user or an account root';
    if (read.session !== null) return 'is a session of a role: name the role';
    const { arn } = read;
    return { text: arn, exact, matches: (other) => other === arn };
  }
  const parsed =
    /^arn:(aws[a-z-]{0,20}):(?:iam::[0-9]{12}:(?:role|user)|sts::[0-9]{12}:federated-user)\/(.+)$/;
  const name = parsed.exec(text)?.[2];
  if (name === undefined || !/^[\w+=,.@/*-]+$/.test(name))
    return 'is no ARN pattern: partition, account and kind must be exact';
  if (/:role\/.*\//.test(text)) return "has a path: a role's path does not reach the vault, only its name";
  const parts = text.split('/').map((part) => part.split('*'));
  const matches = (arn: string): boolean => {
    const given = arn.split('/');
    return given.length === parts.length && parts.every((part, at) => matchesPart(part, given[at] ?? ''));
  };
  return { text, exact, matches };
}

/**
 * Whether the pieces stand in the text in their order, the first at its beginning and the last at its end. Not by a regular expression: with a
 * dozen wildcards one takes minutes to refuse a name that its owner chose for that.
 */
function matchesPart(pieces: readonly string[], text: string): boolean {
  const [first = '', ...inner] = pieces;
  const last = inner.pop();
  if (last === undefined) return text === first;
  const end = text.length - last.length;
  let at = first.length;
  if (text.includes(':') || at > end || !text.startsWith(first) || !text.endsWith(last)) return false;
  for (const piece of inner) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
