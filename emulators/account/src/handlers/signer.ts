// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { textAt } from '../json.ts';
import type { Draft, Handler } from './handler.ts';
import { regional, retagging, row, tagging, withTags } from './handler.ts';

/*
 * Schema AWS::Signer::SigningProfile; AWS Signer API Reference, CancelSigningProfile: a canceled profile stays for two years,
 * signs nothing, and keeps its name.
 */

const name = ({ properties, stackName, logicalId, world }: Draft): string =>
  textAt(properties, 'ProfileName') ??
  `${stackName}_${logicalId}_${world.fresh(12, 'base36')}`.replaceAll('-', '_').slice(-64);

const PROFILE: Handler = {
  type: 'AWS::Signer::SigningProfile',
  named: 'ProfileName',
  taken: { code: 'AlreadyExists', message: (id) => `Signing profile ${id} already exists, or was canceled` },
  createOnly: ['ProfileName', 'PlatformId', 'SignatureValidityPeriod'],
  create: [row('signer:PutSigningProfile', 'self', { context: withTags }), tagging('signer:TagResource')],
  read: [row('signer:GetSigningProfile')],
  update: [row('signer:GetSigningProfile'), ...retagging('signer:TagResource', 'signer:UntagResource')],
  remove: [row('signer:GetSigningProfile'), row('signer:CancelSigningProfile')],
  identify: (draft) => {
    const id = name(draft);
    const arn = regional('signer', () => `/signing-profiles/${id}`)(draft, id);
    const version = draft.world.fresh(10, 'base36');
    return {
      // Ref gives the ARN; the name is an attribute (resource reference, "Return values").
      id: arn,
      arn,
      attributes: {
        Arn: arn,
        ProfileName: id,
        ProfileVersion: version,
        ProfileVersionArn: `${arn}/${version}`,
      },
    };
  },
  check: ({ properties }) => {
    const given = textAt(properties, 'ProfileName');
    if (given === undefined || /^[a-zA-Z0-9_]{2,64}$/.test(given)) return;
    throw new AwsError('ValidationException', `${given} is no name of a signing profile`);
  },
  gone: () => 'stays',
};

const PERMISSION: Handler = {
  type: 'AWS::Signer::ProfilePermission',
  createOnly: ['*'],
  create: [row('signer:AddProfilePermission', '*')],
  read: [row('signer:ListProfilePermissions', '*')],
  update: [],
  remove: [row('signer:RemoveProfilePermission', '*')],
  identify: (draft) => {
    const id = textAt(draft.properties, 'StatementId') ?? draft.world.fresh(12);
    return { id, arn: `${textAt(draft.properties, 'ProfileName')}#${id}` };
  },
};

export const SIGNER_HANDLERS: readonly Handler[] = [PROFILE, PERMISSION];
