// SPDX-License-Identifier: Apache-2.0
import { type Check, many, onTypes, resourcesOf } from './check.ts';

/** The stages that run under the caller's own rights. */
const ROLE_STAGES: ReadonlySet<string> = new Set(['controllers', 'identities']);

const roles: Check = {
  id: 'role',
  refuses:
    'Roles and managed policies outside `controllers` and `identities`; roles without a boundary, outside the deployment’s path, with inline policies, or with managed policies of AWS.',
  because:
    'The deployment role makes no role, so no other stack can have one. A boundary on every role is what holds when a policy is wrong. Policies of AWS change without us.',
  *find(subject) {
    const { stage, config } = subject;
    const types = ['AWS::IAM::Role', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::InstanceProfile'];
    for (const { id, type, properties } of resourcesOf(subject, ...types)) {
      const refused = (reason: string) => ({ resource: id, reason });
      if (!ROLE_STAGES.has(stage)) yield refused(`${type} in ${stage}`);
      if (properties.Path !== `/${config.name}/`) yield refused('outside the deployment’s path');
      if (type !== 'AWS::IAM::Role') continue;
      if (properties.PermissionsBoundary === undefined) yield refused('no permissions boundary');
      if (properties.Policies !== undefined)
        yield refused('inline policies, which the role’s own stage does not see');
      for (const arn of many(properties.ManagedPolicyArns)) {
        if (/^arn:[^:]*:iam::aws:/.test(String(arn))) yield refused(`managed policy of AWS: ${String(arn)}`);
      }
    }
  },
};

/** Roles whose permissions their own stage gives them, once for all. */
const CONTROLLERS = ['deployment', 'break-glass'];

const attachments: Check = {
  id: 'role-policy',
  refuses:
    'Permissions for a role that is not the deployment’s own, or for the two that control keys; policies for users and groups.',
  because:
    'A stack of a workload could otherwise give itself more through a role that is not bounded for it.',
  find: onTypes(
    ['AWS::IAM::RolePolicy', 'AWS::IAM::Policy'],
    function* judge(properties, { type }, { config: { name } }) {
      if (type === 'AWS::IAM::Policy') {
        yield 'AWS::IAM::Policy replaces whoever else has a policy of its name: AWS::IAM::RolePolicy names one role';
        return;
      }
      const role = properties.RoleName;
      if (typeof role !== 'string' || !role.startsWith(`${name}-`))
        yield `for the role ${JSON.stringify(role)}`;
      else if (CONTROLLERS.includes(role.slice(name.length + 1))) yield `for ${role}, which controls keys`;
    },
  ),
};

export const IDENTITY_CHECKS: readonly Check[] = [roles, attachments];
