// SPDX-License-Identifier: Apache-2.0

export interface ResourceType {
  /** What resources of the type are there for, for people. */
  readonly purpose: string;
  /** CDK writes tags on them, and the check `tags` demands ours. */
  readonly tags?: true;
}

const tagged = (purpose: string): ResourceType => ({ purpose, tags: true });
const plain = (purpose: string): ResourceType => ({ purpose });

/** Every type that the stacks have. One that is not here is refused until somebody has looked at it. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::ApiGateway::Authorizer': plain('shows tokens to the authorizer’s function'),
  'AWS::ApiGateway::Deployment': plain('a state of the API, by the hash of what it is made of'),
  'AWS::ApiGateway::GatewayResponse': plain('an answer of the gateway itself, in the API’s own form'),
  'AWS::ApiGateway::Method': plain('a route, with who may call it'),
  'AWS::ApiGateway::Model': plain('what a body must look like'),
  'AWS::ApiGateway::RequestValidator': plain('refuses bodies and parameters that do not look like that'),
  'AWS::ApiGateway::Resource': plain('a part of a path'),
  'AWS::ApiGateway::RestApi': tagged('the API before the function, with its resource policy'),
  'AWS::ApiGateway::Stage': tagged('limits, logs and figures of the API'),
  'AWS::AutoScaling::AutoScalingGroup': tagged('instances, in two zones or more, each for a day'),
  'AWS::AutoScaling::ScalingPolicy': plain('more or fewer instances'),
  'AWS::CloudTrail::Trail': tagged('who changed what, in all Regions'),
  'AWS::CloudWatch::Alarm': tagged('tells people'),
  'AWS::CloudWatch::Dashboard': tagged('one page to look at'),
  'AWS::CodeBuild::Project': tagged('builds and measures a release, and carries a deployment out'),
  'AWS::CodePipeline::Pipeline': tagged('from source to deployment, with an approval between'),
  'AWS::DynamoDB::GlobalTable': plain('records and audit chains, with the table’s policy'),
  'AWS::EC2::FlowLog': tagged('who spoke with whom in the network'),
  'AWS::EC2::LaunchTemplate': plain(
    'how an instance is launched, and what it checks before it runs anything',
  ),
  'AWS::EC2::RouteTable': tagged('ways to the gateway endpoints, and no other'),
  'AWS::EC2::SecurityGroup': tagged('who may speak with whom'),
  'AWS::EC2::SecurityGroupIngress': plain('a rule between two groups'),
  'AWS::EC2::Subnet': tagged('addresses of a zone, none of them public'),
  'AWS::EC2::SubnetRouteTableAssociation': plain('which ways a subnet has'),
  'AWS::EC2::VPC': tagged('the network, without a way to the internet'),
  'AWS::EC2::VPCEndpoint': tagged('the way to one service, with a policy'),
  'AWS::ElasticLoadBalancingV2::Listener': tagged('port of the channel'),
  'AWS::ElasticLoadBalancingV2::LoadBalancer': tagged('one address for all instances, inside the network'),
  'AWS::ElasticLoadBalancingV2::TargetGroup': tagged('which instances are healthy'),
  'AWS::Events::Rule': tagged('a schedule, or a change that is never a matter of course'),
  'AWS::IAM::InstanceProfile': plain('hands the instances their role'),
  'AWS::IAM::ManagedPolicy': plain('a boundary, or rights of the deployment and break-glass roles'),
  'AWS::IAM::Role': tagged('an identity, with trust and boundary'),
  'AWS::IAM::RolePolicy': plain('what one role may do with this stack’s resources'),
  'AWS::KMS::Alias': plain('a key’s name for people'),
  'AWS::KMS::Key': tagged('a customer key, with its policy'),
  'AWS::KMS::ReplicaKey': tagged('a key of another Region, with the same policy for this one'),
  'AWS::Lambda::Alias': plain('which version is live'),
  'AWS::Lambda::CodeSigningConfig': tagged('refuses code that our profile did not sign'),
  'AWS::Lambda::EventInvokeConfig': plain('no second try, and nothing stale'),
  'AWS::Lambda::Function': tagged('signed code, pinned to a version'),
  'AWS::Lambda::Permission': plain('one caller of one function'),
  'AWS::Lambda::Version': plain('code that does not change any more'),
  'AWS::Logs::LogGroup': tagged('a log, under a customer key'),
  'AWS::Logs::MetricFilter': plain('a figure from the lines of a log'),
  'AWS::Logs::ResourcePolicy': plain('which service may write a log'),
  'AWS::Route53Resolver::FirewallConfig': plain('no answer where the DNS firewall does not work'),
  'AWS::Route53Resolver::FirewallDomainList': tagged('names'),
  'AWS::Route53Resolver::FirewallRuleGroup': tagged('which names are answered'),
  'AWS::Route53Resolver::FirewallRuleGroupAssociation': tagged('puts the DNS firewall before the network'),
  'AWS::Route53Resolver::ResolverQueryLoggingConfig': tagged('which names were asked for'),
  'AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation': plain('for this network'),
  'AWS::S3::Bucket': tagged('files in versions: code and image, or the trail'),
  'AWS::S3::BucketPolicy': plain('who places, fetches and never deletes them'),
  'AWS::SNS::Subscription': plain('somebody who hears alarms'),
  'AWS::SNS::Topic': tagged('where alarms go'),
  'AWS::SNS::TopicPolicy': plain('who raises them'),
  'AWS::Signer::SigningProfile': tagged('signs functions'),
  'AWS::WAFv2::LoggingConfiguration': plain('what the firewall of the API refused'),
  'AWS::WAFv2::WebACL': tagged('firewall of the API'),
  'AWS::WAFv2::WebACLAssociation': plain('puts it before the API'),
};
