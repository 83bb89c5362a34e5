// SPDX-License-Identifier: Apache-2.0
import {
  api,
  deployment,
  endpoint,
  itRefuses,
  launch,
  method,
  stage,
  subnet,
  vpc,
} from '../support/pieces.ts';

itRefuses([
  {
    name: 'EC2: subnets that overlap',
    fails: { Vpc: vpc, A: subnet('10.0.0.0/24'), B: subnet('10.0.0.128/25') },
    because: /conflicts with another subnet/,
    passes: { Vpc: vpc, A: subnet('10.0.0.0/24'), B: subnet('10.0.1.0/24') },
  },
  {
    name: 'EC2: private names of an endpoint in a VPC without DNS',
    fails: {
      Vpc: { ...vpc, Properties: { CidrBlock: '10.0.0.0/16' } },
      Endpoint: endpoint({ PrivateDnsEnabled: true }),
    },
    because: /requires both enableDnsSupport and enableDnsHostnames/,
    passes: { Vpc: vpc, Endpoint: endpoint({ PrivateDnsEnabled: true }) },
  },
  {
    name: 'EC2: two endpoints of a service with private names',
    fails: { Vpc: vpc, A: endpoint({ PrivateDnsEnabled: true }), B: endpoint({ PrivateDnsEnabled: true }) },
    because: /conflicting DNS domain/,
    passes: { Vpc: vpc, A: endpoint({ PrivateDnsEnabled: true }), B: endpoint() },
  },
  {
    name: 'EC2: user data of more than 16 KB',
    fails: { Launch: launch(Buffer.alloc(16_385, 'x').toString('base64')) },
    because: /User data is limited to 16384 bytes/,
    passes: { Launch: launch(Buffer.alloc(16_384, 'x').toString('base64')) },
  },
  {
    name: 'API Gateway: a deployment before its methods',
    fails: { Api: api, Deployment: deployment(), Method: { ...method, DependsOn: ['Deployment'] } },
    because: /doesn't contain any methods/,
    passes: { Api: api, Deployment: deployment({ DependsOn: ['Method'] }), Method: method },
  },
  {
    name: 'API Gateway: access logs without the account’s role for them',
    fails: {
      Api: api,
      Method: method,
      Deployment: deployment({ DependsOn: ['Method'] }),
      Stage: stage({ AccessLogSetting: { Format: 'x' } }),
    },
    because: /CloudWatch Logs role ARN must be set in account settings/,
    passes: { Api: api, Method: method, Deployment: deployment({ DependsOn: ['Method'] }), Stage: stage() },
  },
]);
