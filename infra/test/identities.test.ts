// SPDX-License-Identifier: Apache-2.0
import {
  BOUNDARIES,
  boundaries,
  boundaryArn,
  deploymentPolicies,
  type PolicyDocument,
  ROLE_IDS,
  ROLES,
  type RoleId,
  roleArn,
  roleName,
} from '@enclave-vault/policies';
import { readRole } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import { evaluateRequest } from '../../emulators/iam/src/index.ts';
import { ALLOW_ALL, requestsOf } from '../../policies/test/roles/samples.ts';
import { homeOf } from '../src/home.ts';
import {
  DEPLOY,
  type DeployConfig,
  exampleKnown,
  namesOf,
  stagesOf,
  synthesize,
  type Template,
  type TemplateResource,
} from '../src/index.ts';
import { CONTROLLERS } from '../src/stages/controllers.ts';
import { IDENTITIES } from '../src/stages/identities.ts';

const read = (changes: Readonly<Record<string, unknown>> = {}): DeployConfig =>
  readRole(DEPLOY, { file: { ...(DEPLOY.example as object), ...changes }, env: {} });
const CONFIG = read();
const NAMES = namesOf(CONFIG);
const HOME = homeOf(CONFIG, NAMES);

/** deploy.json that makes the longest documents. */
const LONGEST = read({
  name: 'anameoftwentyletters',
  region: 'ap-southeast-1',
  zones: ['ap-southeast-1a', 'ap-southeast-1b'],
  replicaRegions: ['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-southeast-2'],
  tags: { 'cost-centre': '12345', owner: 'a team with a long name', environment: 'production' },
});

const typed = ({ Resources }: Template, type: string): readonly TemplateResource[] =>
  Object.values(Resources).filter(({ Type }) => Type === type);

/** A resource's property of which the type is the template's business. */
const property = <T>({ Properties }: TemplateResource, name: string): T => Properties?.[name] as T;

const controllers = synthesize(CONTROLLERS, exampleKnown(CONFIG));
const identities = synthesize(IDENTITIES, exampleKnown(CONFIG));
const made = [controllers, identities].flatMap((template) =>
  typed(template, 'AWS::IAM::Role').map((role) => ({ template, role })),
);

describe('roles', () => {
  it('are made by these two stages and by no other, and no other has a policy that could be a boundary', () => {
    for (const stage of stagesOf(CONFIG)) {
      const types = Object.values(synthesize(stage, exampleKnown(CONFIG)).Resources).map(({ Type }) => Type);
      const iam = new Set(types.filter((type) => type.startsWith('AWS::IAM::')));
      if (stage === CONTROLLERS) expect(iam).toEqual(new Set(['AWS::IAM::ManagedPolicy', 'AWS::IAM::Role']));
      else if (stage === IDENTITIES)
        expect(iam).toEqual(
          new Set(['AWS::IAM::InstanceProfile', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role']),
        );
      else
        expect([stage.id, [...iam].filter((type) => type !== 'AWS::IAM::RolePolicy')]).toEqual([
          stage.id,
          [],
        ]);
    }
  });

  it('are all there, each with its name, below its own boundary', () => {
    const found = made.map(({ template, role }) => {
      const { Ref } = property<{ Ref: string }>(role, 'PermissionsBoundary');
      const boundary = template.Resources[Ref];
      if (boundary === undefined) throw new Error('a boundary of another template');
      return [property(role, 'RoleName'), property(role, 'Path'), property(boundary, 'ManagedPolicyName')];
    });
    expect(found.sort()).toEqual(
      ROLE_IDS.map((id) => [roleName(HOME, id), '/vault/', `vault-boundary-${ROLES[id].boundary}`]).sort(),
    );
    for (const id of ROLE_IDS) expect(NAMES.roleArn(id)).toBe(roleArn(HOME, id));
    expect(NAMES.roles).toEqual({
      api: roleArn(HOME, 'api'),
      instance: roleArn(HOME, 'instance'),
      deployment: roleArn(HOME, 'deployment'),
      breakGlass: roleArn(HOME, 'break-glass'),
    });
  });

  it('have the boundaries that are proved, and nothing beside them', () => {
    const policies = [controllers, identities].flatMap((template) =>
      typed(template, 'AWS::IAM::ManagedPolicy'),
    );
    const documents = Object.fromEntries(
      policies.map((policy) => [
        property<string>(policy, 'ManagedPolicyName'),
        property(policy, 'PolicyDocument'),
      ]),
    );
    const expected = boundaries(HOME);
    for (const kind of BOUNDARIES) expect(documents[`vault-boundary-${kind}`]).toEqual(expected[kind]);
    for (const [topic, document] of Object.entries(deploymentPolicies(HOME))) {
      expect(documents[`vault-deployment-${topic}`]).toEqual(document);
    }
    expect(Object.keys(documents)).toHaveLength(
      BOUNDARIES.length + Object.keys(deploymentPolicies(HOME)).length + 1,
    );
    expect(boundaryArn(HOME, 'api')).toBe('arn:aws:iam::111122223333:policy/vault/vault-boundary-api');
  });

  it('of the vault’s parts have no permission of their own', () => {
    for (const role of typed(identities, 'AWS::IAM::Role')) {
      for (const name of ['ManagedPolicyArns', 'Policies']) expect(role.Properties).not.toHaveProperty(name);
    }
  });

  it('that control keys are kept with all that they have', () => {
    for (const resource of Object.values(controllers.Resources)) {
      expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
  });

  it('reach an instance by one profile', () => {
    expect(typed(identities, 'AWS::IAM::InstanceProfile').map(({ Properties }) => Properties)).toEqual([
      { InstanceProfileName: 'vault-instance', Path: '/vault/', Roles: [{ Ref: 'InstanceRole' }] },
    ]);
  });
});

describe('templates that are deployed before there is a bucket', () => {
  it.each([CONTROLLERS, IDENTITIES])('$id is within the 51,200 bytes of a template in a request', (stage) => {
    for (const config of [CONFIG, LONGEST]) {
      const bytes = Buffer.byteLength(JSON.stringify(synthesize(stage, exampleKnown(config))));
      expect(bytes).toBeLessThanOrEqual(51_200);
    }
  });
});

/** Statements of the rights that stages give to roles, with what they allow as far as it is plain text. */
function given(
  config: DeployConfig,
): { readonly role: RoleId; readonly stage: string; readonly document: PolicyDocument }[] {
  const roles = new Map<string, RoleId>(ROLE_IDS.map((id) => [roleName({ name: config.name }, id), id]));
  return stagesOf(config).flatMap((stage) =>
    typed(synthesize(stage, exampleKnown(config)), 'AWS::IAM::RolePolicy').map((policy) => {
      const role = roles.get(property<string>(policy, 'RoleName'));
      if (role === undefined) throw new Error(`${stage.id} gives rights to a role that is not there`);
      return { role, stage: stage.id, document: settled(property<PolicyDocument>(policy, 'PolicyDocument')) };
    }),
  );
}

/** What only CloudFormation knows is an id or an ARN of the deployment's own: some letters stand for it. */
function settled(document: PolicyDocument): PolicyDocument {
  return JSON.parse(
    JSON.stringify(document, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      const [[name, inner] = []] = Object.entries(value);
      if (name === 'Fn::Join') {
        const [separator, parts] = inner as [string, readonly unknown[]];
        return parts.map((part) => (typeof part === 'string' ? part : 'x1')).join(separator);
      }
      return value;
    }),
  ) as PolicyDocument;
}

describe('rights that stages give', () => {
  it('are within the boundary of their role, action by action', () => {
    const rights = given(CONFIG);
    expect(rights.length).toBeGreaterThan(0);
    const limits = boundaries(HOME);
    const beyond = rights.flatMap(({ role, stage, document }) =>
      document.Statement.filter(({ Effect }) => Effect === 'Allow')
        .flatMap(requestsOf)
        .filter(({ action, resource, context }) => {
          const principal = { arn: roleArn(HOME, role), type: 'role', account: HOME.account } as const;
          const request = { principal, action, resource, resourceAccount: HOME.account, context };
          const resourceMode = 'additive';
          return !evaluateRequest(request, {
            identity: [ALLOW_ALL],
            boundary: limits[ROLES[role].boundary],
            resourceMode,
          }).allowed;
        })
        .map(({ action, resource }) => `${stage}: ${role} ${action} on ${resource}`),
    );
    expect(beyond).toEqual([]);
  });

  it('are within the 10,240 characters of all inline policies of a role', () => {
    const sizes = new Map<RoleId, number>();
    for (const { role, document } of given(CONFIG)) {
      sizes.set(role, (sizes.get(role) ?? 0) + JSON.stringify(document).length);
    }
    for (const size of sizes.values()) expect(size).toBeLessThanOrEqual(10_240);
  });
});
