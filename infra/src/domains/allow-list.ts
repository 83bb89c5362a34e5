// SPDX-License-Identifier: Apache-2.0
import { packagesBucket } from '@enclave-vault/policies';
import type { DeployConfig } from '../config/deploy.ts';
import { dnsSuffix } from '../config/partitions.ts';
import type { Names } from '../names.ts';
import { type InterfaceService, interfaceServices, serviceHost } from './services.ts';

/**
 * Every name that anything in the VPC may ask for, as DNS Firewall writes names: `*.` in front stands for any labels. The
 * list is generated from what is called, and held against the endpoint rule sets of the AWS SDKs by a test.
 *
 * Where a wildcard is, AWS alone hosts the zone: who asks `secret.elb.eu-central-1.amazonaws.com` tells AWS, and no
 * stranger's name server. All other names are whole, the bucket's and the account's with them: another bucket, another
 * account and another Region have other names.
 */
export function allowedDomains(config: DeployConfig, names: Pick<Names, 'bucket'>): readonly string[] {
  const { partition, region, account } = config;
  const s3 = serviceHost(config, 's3');
  const dualStackS3 = `s3.dualstack.${region}.${dnsSuffix(partition)}`;
  const packages = packagesBucket(region);
  const domains = [
    ...interfaceServices(config).map((service) => domainOf(config, service)),
    // SDKs that know their account call DynamoDB by it, and by the Region's name where they do not.
    serviceHost(config, 'dynamodb'),
    `${account}.${serviceHost(config, 'ddb')}`,
    // Virtual-host and path style.
    `${names.bucket}.${s3}`,
    s3,
    // AL2023's dnf configuration has `s3$dualstack`, a variable that images set or leave empty.
    `${packages}.${s3}`,
    `${packages}.${dualStackS3}`,
    // The load balancer's name has digits that nobody knows before it is made.
    `*.${serviceHost(config, 'elb')}`,
  ];
  return [...new Set(domains)].sort();
}

/** APIs have a name each, below the service's. */
function domainOf(config: DeployConfig, service: InterfaceService): string {
  return service === 'execute-api' ? `*.${serviceHost(config, service)}` : serviceHost(config, service);
}
