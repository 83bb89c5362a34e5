// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { textAt } from '../json.ts';
import { type Endpoint, formOf, type Response } from './endpoint.ts';
import { element, type Xml } from './xml.ts';

export const STS: Endpoint = {
  protocol: 'query',
  handle(request): Response {
    const form = formOf(request);
    // "No permissions are required to perform this operation."
    if (form.get('Action') !== 'GetCallerIdentity') throw unknown(form);
    const { principal } = request.caller;
    return answer('GetCallerIdentity', {
      Arn: principal.arn,
      UserId: principal.userId ?? principal.account ?? '',
      Account: principal.account ?? '',
    });
  },
};

export const IAM: Endpoint = {
  protocol: 'query',
  handle(request): Response {
    const form = formOf(request);
    const { world } = request.on.account;
    if (form.get('Action') !== 'GetRole') throw unknown(form);
    const name = form.get('RoleName') ?? '';
    const role = world.find('AWS::IAM::Role', 'global', name);
    request.authorize(
      'iam:GetRole',
      role?.arn ?? `arn:${world.partition}:iam::${world.account}:role/${name}`,
    );
    if (role === undefined)
      throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, { status: 404 });
    return answer('GetRole', {
      Role: {
        Arn: role.arn,
        RoleName: role.id,
        RoleId: role.uniqueId,
        Path: textAt(role.properties, 'Path') ?? '/',
        CreateDate: new Date(world.clock.now).toISOString(),
      },
    });
  },
};

function answer(name: string, result: Xml): Response {
  return { body: element(`${name}Response`, { [`${name}Result`]: result }) };
}

function unknown(form: URLSearchParams): AwsError {
  return new AwsError('InvalidAction', `The action ${form.get('Action')} is not valid for this endpoint.`);
}
