// SPDX-License-Identifier: Apache-2.0
import { checkHome, checkNetwork, checkOutsiders } from './check.ts';
import type { Deployment, Home, OneOrMany, Statement } from './types.ts';

/*
 * The data perimeter on resources: only principals of ours, only AWS services that act for us, only from networks of
 * ours (AWS whitepaper "Building a data perimeter on AWS"; published policy examples of AWS). No tag exempts anybody:
 * whoever may tag a role, or a session, could walk through. Who works from outside is listed by name.
 */

/** What a perimeter is drawn around, and whose it is. */
export interface Perimeter {
  readonly home: Home;
  /** `o-…`: the edge is that of the organization. Without it, that of the account. */
  readonly organization?: string | undefined;
  /** `*`, or a list for services that know no `*` (SNS). */
  readonly actions: OneOrMany;
  readonly resources: OneOrMany;
}

/** A network, or null where none is there yet: then nobody is inside. */
export type Network = Deployment['network'] | null;

export interface NetworkPerimeter {
  readonly network: Network;
  /** ARNs of roles that work from outside, exact. Service-linked roles of the account need no listing. */
  readonly exempt?: readonly string[];
  /** Whether the service tells the VPC's ARN beside its id. S3 and KMS do, DynamoDB and SNS do not. */
  readonly sourceVpcArn?: boolean;
  /**
   * Let through what an AWS service sends with the caller's session (CloudFormation, Lambda, Signer). Such requests
   * carry no VPC, wherever the caller is.
   */
  readonly throughServices?: boolean;
}

/** The four that every resource has, in the order in which a reader asks them. @throws {PolicyInputError} */
export function resourcePerimeter(around: Perimeter, network: NetworkPerimeter): Statement[] {
  return [
    ...identityPerimeter(around),
    ...networkPerimeter(around, network),
    ...confusedDeputyProtection(around),
    secureTransport(around),
  ];
}

/**
 * Principals of other accounts, and callers without any, are refused. AWS services are another statement's business.
 *
 * The account's own are inside the edge of an organization because they are its own: once an account has left its
 * organization, or was given a wrong one, a Deny that asks for the organization alone would shut everybody out, those who
 * could change it included, and out of a key or a topic for ever.
 */
export function identityPerimeter(around: Perimeter): Statement[] {
  const { home, organization } = checked(around);
  return [
    deny('EnforceIdentityPerimeter', around, {
      StringNotEqualsIfExists: {
        'aws:PrincipalAccount': home.account,
        ...(organization === undefined ? {} : { 'aws:PrincipalOrgID': organization }),
      },
      BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
    }),
  ];
}

/**
 * A service that acts for somebody else's resource is refused. Where a service does not tell for whom it acts, this says
 * nothing, and the Allow for that service must be narrow.
 */
export function confusedDeputyProtection(around: Perimeter): Statement[] {
  const { home, organization } = checked(around);
  return [
    deny('EnforceConfusedDeputyProtection', around, {
      StringNotEqualsIfExists: {
        'aws:SourceAccount': home.account,
        ...(organization === undefined ? {} : { 'aws:SourceOrgID': organization }),
      },
      // A service without a source is none that acts for a resource.
      Null: { 'aws:SourceAccount': 'false' },
      Bool: { 'aws:PrincipalIsAWSService': 'true' },
    }),
  ];
}

/** Requests from elsewhere than the VPC are refused, but those of the roles named and of service-linked roles. */
export function networkPerimeter(around: Perimeter, inside: NetworkPerimeter): Statement[] {
  const { home } = checked(around);
  const { network, exempt = [], sourceVpcArn = false, throughServices = false } = inside;
  checkOutsiders(home, exempt);
  // Service-linked roles cannot be assumed by anybody: AWS Config, Access Analyzer, DynamoDB's replication.
  const exempted = { 'aws:PrincipalArn': [...exempt, serviceLinkedRoles(home)] };
  const principals = {
    BoolIfExists: {
      'aws:PrincipalIsAWSService': 'false',
      ...(throughServices ? { 'aws:ViaAWSService': 'false' } : {}),
    },
  };
  const outside = { ...principals, ArnNotLikeIfExists: exempted };
  if (network === null) return [deny('EnforceNetworkPerimeter', around, outside)];
  checkNetwork(network);
  const { vpcId } = network;
  const statement = deny('EnforceNetworkPerimeter', around, {
    StringNotEqualsIfExists: { 'aws:SourceVpc': vpcId },
    ...outside,
  });
  if (!sourceVpcArn) return [statement];
  // The id of a VPC is unique within a Region only (IAM User Guide, "aws:SourceVpcArn"). Where the ARN is not told, the
  // id decides: partitions got the key at different times.
  const byArn = deny('EnforceVpcArn', around, {
    Null: { 'aws:SourceVpcArn': 'false' },
    ArnNotLikeIfExists: { ...exempted, 'aws:SourceVpcArn': vpcArn(home, vpcId) },
    ...principals,
  });
  return [statement, byArn];
}

/** Requests without TLS are refused. */
export function secureTransport(around: Perimeter): Statement {
  return deny('EnforceSecureTransport', around, { Bool: { 'aws:SecureTransport': 'false' } });
}

/** Pattern of the account's service-linked roles. */
export function serviceLinkedRoles({ partition, account }: Pick<Home, 'partition' | 'account'>): string {
  return `arn:${partition}:iam::${account}:role/aws-service-role/*`;
}

/** ARN of a VPC of the deployment. */
export function vpcArn(
  { partition, region, account }: Pick<Home, 'partition' | 'region' | 'account'>,
  vpcId: string,
): string {
  return `arn:${partition}:ec2:${region}:${account}:vpc/${vpcId}`;
}

function deny(sid: string, { actions, resources }: Perimeter, condition: Statement['Condition']): Statement {
  const statement = {
    Sid: sid,
    Effect: 'Deny',
    Principal: '*',
    Action: actions,
    Resource: resources,
  } as const;
  return condition === undefined ? statement : { ...statement, Condition: condition };
}

function checked(around: Perimeter): Perimeter {
  checkHome(around.home, around.organization);
  return around;
}
