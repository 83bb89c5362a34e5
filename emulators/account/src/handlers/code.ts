// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { serviceOf } from '../identities.ts';
import { at, listAt, textAt } from '../json.ts';
import { LIMITS, withoutWhiteSpace } from '../limits.ts';
import type { Handler, Subject } from './handler.ts';
import { changed, nameOf, passRole, regional, retagging, row, rows, tagging, withTags } from './handler.ts';

/*
 * Schemas AWS::CodePipeline::Pipeline, AWS::Organizations::Policy; AWS::CodeBuild::Project lists no handlers in the copy
 * that was read: its calls are those of the CodeBuild API.
 */

function checkAssumable(
  { account, world, region, arn }: Subject,
  service: string,
  role: string | undefined,
): void {
  const caller = serviceOf(world, `${service}.amazonaws.com`, arn);
  const allowed =
    role !== undefined &&
    world.byArn(role) !== undefined &&
    account.decide(caller, { action: 'sts:AssumeRole', resource: role, region }).allowed;
  if (!allowed)
    throw new AwsError(
      'InvalidInputException',
      `${service} is not authorized to perform: sts:AssumeRole on ${role}`,
    );
}

const PIPELINE: Handler = {
  type: 'AWS::CodePipeline::Pipeline',
  named: 'Name',
  taken: {
    code: 'PipelineNameInUseException',
    message: (name) => `A pipeline with the name '${name}' already exists in account`,
  },
  createOnly: ['Name'],
  create: [
    row('codepipeline:CreatePipeline', 'self', { context: withTags }),
    tagging('codepipeline:TagResource'),
    passRole('RoleArn', 'codepipeline'),
    row('iam:GetRole', ({ properties }) => textAt(properties, 'RoleArn') ?? []),
    row('codestar-connections:PassConnection', connections, { when: (s) => connections(s).length > 0 }),
  ],
  read: rows('self', [
    'codepipeline:GetPipeline',
    'codepipeline:GetPipelineState',
    'codepipeline:ListTagsForResource',
  ]),
  update: [
    row('codepipeline:GetPipeline'),
    row('codepipeline:UpdatePipeline'),
    passRole('RoleArn', 'codepipeline'),
    row('iam:GetRole', ({ properties }) => textAt(properties, 'RoleArn') ?? []),
    row('codestar-connections:PassConnection', connections, { when: (s) => connections(s).length > 0 }),
    ...retagging('codepipeline:TagResource', 'codepipeline:UntagResource'),
  ],
  remove: rows('self', ['codepipeline:GetPipeline', 'codepipeline:DeletePipeline']),
  identify: (draft) => {
    const id = nameOf(draft, 'Name');
    return { id, arn: regional('codepipeline', () => id)(draft, id), attributes: { Version: '1' } };
  },
  check: (subject) => checkAssumable(subject, 'codepipeline', textAt(subject.properties, 'RoleArn')),
};

function connections({ properties }: Subject): readonly string[] {
  return listAt(properties, 'Stages')
    .flatMap((stage) => listAt(stage, 'Actions'))
    .map((action) => textAt(action, 'Configuration.ConnectionArn'))
    .filter((arn) => arn !== undefined);
}

const PROJECT: Handler = {
  type: 'AWS::CodeBuild::Project',
  named: 'Name',
  taken: { code: 'ResourceAlreadyExistsException', message: (name) => `Project already exists: ${name}` },
  createOnly: ['Name'],
  create: [
    row('codebuild:CreateProject', 'self', { context: withTags }),
    passRole('ServiceRole', 'codebuild'),
  ],
  read: [row('codebuild:BatchGetProjects')],
  update: [row('codebuild:UpdateProject'), passRole('ServiceRole', 'codebuild')],
  remove: [row('codebuild:DeleteProject')],
  identify: (draft) => {
    const id = nameOf(draft, 'Name');
    const arn = regional('codebuild', () => `project/${id}`)(draft, id);
    return { id, arn, attributes: { Arn: arn } };
  },
  check: (subject) => checkAssumable(subject, 'codebuild', textAt(subject.properties, 'ServiceRole')),
};

const ORGANIZATION_POLICY: Handler = {
  type: 'AWS::Organizations::Policy',
  global: true,
  named: 'Name',
  taken: {
    code: 'DuplicatePolicyException',
    message: (name) => `A policy with the name ${name} already exists`,
  },
  createOnly: ['Type'],
  create: [
    row('organizations:CreatePolicy', '*', { context: withTags }),
    tagging('organizations:TagResource'),
    row('organizations:AttachPolicy', 'self', {
      when: ({ properties }) => listAt(properties, 'TargetIds').length > 0,
    }),
  ],
  read: [
    row('organizations:DescribePolicy'),
    row('organizations:ListTargetsForPolicy'),
    row('organizations:ListTagsForResource'),
  ],
  update: [
    row('organizations:UpdatePolicy', 'self', { when: changed('Content', 'Name', 'Description') }),
    ...rows('self', ['organizations:AttachPolicy', 'organizations:DetachPolicy'], {
      when: changed('TargetIds'),
    }),
    ...retagging('organizations:TagResource', 'organizations:UntagResource'),
  ],
  remove: rows('self', ['organizations:DetachPolicy', 'organizations:DeletePolicy']),
  identify: ({ world, properties }) => {
    const id = `p-${world.fresh(8, 'base36')}`;
    const kind = (textAt(properties, 'Type') ?? '').toLowerCase();
    const arn = `arn:${world.partition}:organizations::${world.account}:policy/o-exampleorgid/${kind}/${id}`;
    return { id, arn, attributes: { Id: id, Arn: arn } };
  },
  check: ({ properties }) => {
    if (withoutWhiteSpace(at(properties, 'Content')) > LIMITS.organizationPolicy) {
      throw new AwsError('ConstraintViolationException', 'POLICY_CONTENT_LIMIT_EXCEEDED');
    }
  },
};

export const CODE_HANDLERS: readonly Handler[] = [PIPELINE, PROJECT, ORGANIZATION_POLICY];
