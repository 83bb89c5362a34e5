// SPDX-License-Identifier: Apache-2.0
import { prefix, refusedOn, type WatchEvent } from './event.ts';

/** Who may do nearly everything. */
export const PEOPLE_EVENTS: readonly WatchEvent[] = [
  {
    id: 'break-glass',
    what: 'The break-glass role was taken or used, or somebody tried',
    region: 'anywhere',
    reading: true,
    deployment: false,
    why: 'It may change key policies. It is for emergencies, and never used silently.',
    todo: 'Call the person, on another way than the message came. No emergency: revoke the role’s sessions, and treat it as an intrusion.',
    calls: ({ breakGlassArn }) => [
      {
        source: 'sts.amazonaws.com',
        names: ['AssumeRole*'],
        where: [{ 'requestParameters.roleArn': [breakGlassArn] }, refusedOn([breakGlassArn])],
      },
      {
        names: 'any',
        where: [{ 'userIdentity.sessionContext.sessionIssuer.arn': [breakGlassArn] }],
      },
    ],
  },
  {
    id: 'api-invoked',
    what: 'Somebody invoked the API’s function himself, past the gateway',
    region: 'home',
    deployment: false,
    why: 'Who invokes the function writes its event, and with it the identity of the caller: he may ask for any record in anybody’s name. Only the gateway invokes it.',
    todo: 'Revoke the sessions of whoever it was, and take the right away. The vault’s audit has what was decrypted at that time; compare it with the gateway’s access log, which has no line of it.',
    calls: ({ name, functions }) => [
      {
        source: 'lambda.amazonaws.com',
        names: ['Invoke*'],
        where: [
          {
            'requestParameters.functionName': [prefix(`${name}-api`), prefix(`${functions}api`)],
            'userIdentity.type': [{ not: 'AWSService' }],
          },
        ],
      },
    ],
  },
  {
    id: 'root',
    what: 'The account’s root user did something',
    region: 'anywhere',
    reading: true,
    deployment: false,
    why: 'No boundary and no identity policy binds root. The key policies’ Denies do, but it can change nearly all around them.',
    todo: 'Call whoever holds its credentials. Nothing of the vault ever needs them.',
    calls: () => [
      {
        names: 'any',
        where: [
          {
            'userIdentity.type': ['Root'],
            'userIdentity.invokedBy': [{ absent: true }],
            eventType: [{ not: 'AwsServiceEvent' }],
          },
        ],
      },
    ],
  },
];
