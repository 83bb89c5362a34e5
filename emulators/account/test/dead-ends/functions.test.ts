// SPDX-License-Identifier: Apache-2.0
import { ACCOUNT, addRole, EVERYTHING, policy } from '../support/account.ts';
import { fn, inline, inVpc, itRefuses, network, profile, signed, signing } from '../support/pieces.ts';
import { Bed } from '../support/stacks.ts';

itRefuses([
  {
    name: 'Lambda: a role that Lambda cannot take',
    given: ({ account: made }) => addRole(made, `arn:aws:iam::${ACCOUNT}:role/for-ec2`, EVERYTHING, 'ec2'),
    fails: { Function: fn({ Role: `arn:aws:iam::${ACCOUNT}:role/for-ec2` }) },
    because: /cannot be assumed by Lambda/,
    passes: { Function: fn() },
  },
  {
    name: 'Lambda: a VPC before the role has its rights on network interfaces',
    rights: policy({ Action: 'logs:PutLogEvents' }),
    fails: { ...network, Function: fn(inVpc) },
    because: /does not have permissions to call CreateNetworkInterface on EC2/,
    passes: {
      ...network,
      Rights: inline(
        'rights',
        policy({
          Action: [
            'ec2:CreateNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DeleteNetworkInterface',
          ],
        }),
      ),
      Function: { ...fn(inVpc), DependsOn: ['Rights'] },
    },
  },
  {
    name: 'Lambda: unsigned code where signatures are enforced',
    fails: { Profile: profile, Signing: signing('Enforce'), Function: fn(signed) },
    because: /Check the provided signature for unsigned/,
    passes: { Profile: profile, Signing: signing('Warn'), Function: fn(signed) },
  },
  {
    name: 'Lambda: code that is not in the bucket',
    fails: { Function: fn({ Code: { S3Bucket: 'code', S3Key: 'none.zip' } }) },
    because: /NoSuchKey/,
    passes: { Function: fn() },
  },
  {
    name: 'Lambda: an environment of more than 4 KB',
    fails: { Function: fn({ Environment: { Variables: { A: 'x'.repeat(4096) } } }) },
    because: /exceeded the 4KB limit/,
    passes: { Function: fn({ Environment: { Variables: { A: 'x'.repeat(4000) } } }) },
  },
  {
    name: 'Lambda: a second version of what has not changed',
    fails: {
      Function: fn(),
      One: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Function' } } },
      Two: {
        Type: 'AWS::Lambda::Version',
        Properties: { FunctionName: { Ref: 'Function' }, Description: 'again' },
      },
    },
    because: /A version for this Lambda function exists/,
    passes: {
      Function: fn(),
      One: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Function' } } },
    },
  },
  {
    name: 'Lambda: a signing profile whose name was used and canceled',
    given: (scene) => {
      const before = new Bed(scene);
      before.deploy({ Profile: profile }, { stackName: 'before' });
      before.destroy('before');
    },
    fails: { Profile: profile },
    because: /already exists, or was canceled/,
    passes: { Profile: { ...profile, Properties: { PlatformId: 'AWSLambda-SHA384-ECDSA' } } },
  },
]);
