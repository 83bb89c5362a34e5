// SPDX-License-Identifier: Apache-2.0
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Deployment } from '@enclave-vault/policies';
import { type Check, codeOf, describeFailure, type Outcome } from '../check.ts';
import type { Role, Subject } from '../subject.ts';

export const credentials: Check = {
  name: 'credentials',
  proves: 'There are AWS credentials, of the right account, and of the role that is meant to stand here.',
  mend: 'Give this place its role: the function’s, the instance profile’s, or an operator’s session (aws sts assume-role).',
  run: async (subject) => {
    if (!subject.production)
      return [
        { status: 'skipped', seen: 'local vault: its roles are emulated and lent by its control socket' },
      ];
    return [await look(subject)];
  },
};

async function look(subject: Subject): Promise<Outcome> {
  let arn: string;
  try {
    const client = subject.clients.get('sts', subject.callers[0], (settings) => new STSClient(settings));
    arn = (await client.send(new GetCallerIdentityCommand({}))).Arn ?? '';
  } catch (error) {
    const none = codeOf(error) === 'CredentialsProviderError';
    return {
      status: 'fail',
      seen: none ? 'there are no AWS credentials here' : `STS: ${describeFailure(error)}`,
    };
  }
  return judge(arn, subject);
}

/** Holds the caller's ARN against what should stand here. */
export function judge(
  arn: string,
  { deployment, as, keys }: Pick<Subject, 'deployment' | 'as' | 'keys'>,
): Outcome {
  const seen = `caller is ${/^arn:aws[\w:/+=,.@-]{10,200}$/.test(arn) ? arn : 'of an unknown form'}`;
  const account = deployment?.account ?? keys[0]?.arn.split(':')[4];
  if (account !== undefined && arn.split(':')[4] !== account)
    return { status: 'fail', seen: `${seen}, and the deployment is in account ${account}` };
  if (deployment === undefined) {
    return {
      status: 'warn',
      seen,
      mend: 'Give the deployment’s file as well: without it nobody knows which roles are right.',
    };
  }
  const role = roleOf(arn, deployment);
  if (as !== undefined && as !== role) return { status: 'fail', seen: `${seen}, and not the ${as} role` };
  if (role !== undefined) return { status: 'ok', seen: `${seen}, the ${role} role` };
  if (isDeployer(arn, deployment)) return { status: 'ok', seen: `${seen}, a deployer` };
  return { status: 'warn', seen: `${seen}, which is no role of the deployment` };
}

/**
 * Which role of the deployment an ARN of STS is a session of. Such an ARN has the role's name without its path (IAM User
 * Guide, "IAM identifiers"), so that it is compared by name and account.
 */
export function roleOf(arn: string, { account, roles }: Deployment): Role | undefined {
  const session = sessionOf(arn, account);
  const found = Object.entries(roles).find(([, role]) => nameOf(role) === session);
  return found?.[0] as Role | undefined;
}

function isDeployer(arn: string, { account, deployers = [] }: Deployment): boolean {
  const session = sessionOf(arn, account);
  return deployers.some((role) => nameOf(role) === session);
}

/** Name of the role whose session it is, where that is one of the account; null where not. */
function sessionOf(arn: string, account: string): string | null {
  const [, of, name] = /^arn:aws[a-z-]*:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return of === account && name !== undefined ? name : null;
}

function nameOf(role: string): string | undefined {
  return role.split('/').at(-1);
}
