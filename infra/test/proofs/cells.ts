// SPDX-License-Identifier: Apache-2.0

/** Registers that key policies pin, with their condition key and the digit that the example's measurements repeat. */
const REGISTERS = [
  ['PCR0', 'kms:RecipientAttestation:PCR0', 'a'],
  ['PCR1', 'kms:RecipientAttestation:PCR1', 'b'],
  ['PCR2', 'kms:RecipientAttestation:PCR2', 'c'],
  ['PCR3', 'kms:RecipientAttestation:PCR3', 'd'],
  ['PCR8', 'kms:RecipientAttestation:PCR8', 'e'],
  ['PCR16', 'kms:RecipientAttestation:PCR16', 'f'],
] as const;

/** Routes of the API, as API Gateway tells them to Lambda. */
const ROUTES = [
  ['GET/health', 'health'],
  ['GET/v1/openapi.json', 'the document of the API'],
  ['POST/v1/vaults', 'a record is made'],
  ['POST/v1/vaults:batch', 'many are made'],
  ['POST/v1/vaults:decrypt', 'many are used'],
  ['GET/v1/vaults/v_1', 'looked at'],
  ['PATCH/v1/vaults/v_1', 'changed'],
  ['DELETE/v1/vaults/v_1', 'deleted'],
  ['POST/v1/vaults/v_1/decrypt', 'used'],
  ['GET/v1/vaults/v_1/audit', 'accounted for'],
  ['POST/v1/keys', 'API keys are made'],
  ['GET/v1/keys', 'listed'],
  ['DELETE/v1/keys/k_1', 'and revoked'],
  ['GET/v1/attestation', 'what the enclave is'],
] as const;

/** Services whose roles a vault's resources bring with them. */
const LINKED = [
  'autoscaling',
  'contributorinsights.dynamodb',
  'elasticloadbalancing',
  'mrk.kms',
  'ops.apigateway',
  'replication.dynamodb',
  'route53resolver',
  'wafv2',
].map((name) => `${name}.amazonaws.com`);

/**
 * The matrix: who | from where | what | on what, under which condition keys | answer [> answer once everything is allowed] | why.
 * docs/policy-proofs.md says how to read it; who.ts and table.ts what its words stand for.
 */
export const CELLS = `
# ------------------------------------------------------------------------------------------------ all keys
@every-key = keys/VaultKey keys/RequestKey keys/IntegrityKey keys/ChannelServerKey keys/ChannelClientKey base/LogsKey base/TopicKey artifacts/ArtifactsKey data/DataKey evidence/Key pipeline/FilesKey signing/ImageKey signing/ReleaseKey
@vault-keys = keys/VaultKey keys/RequestKey keys/IntegrityKey keys/ChannelServerKey keys/ChannelClientKey
@service-keys = base/LogsKey base/TopicKey artifacts/ArtifactsKey data/DataKey evidence/Key pipeline/FilesKey signing/ImageKey signing/ReleaseKey
@read-key = kms:{DescribeKey,GetKeyPolicy,GetKeyRotationStatus,GetPublicKey,ListGrants,ListKeyPolicies,ListKeyRotations,ListResourceTags}
@tend-key = kms:{CancelKeyDeletion,CreateAlias,DeleteAlias,EnableKey,EnableKeyRotation,RotateKeyOnDemand,TagResource,UntagResource,UpdateAlias,UpdateKeyDescription}
@control-key = kms:{DisableKey,DisableKeyRotation,PutKeyPolicy,ScheduleKeyDeletion}
@insiders = api instance smoke pipeline build deploy canary-inside canary-outside

deployment | internet | @read-key @tend-key @control-key kms:RevokeGrant | @every-key | allow | CloudFormation makes, tends and retires keys
break-glass | internet | @read-key @tend-key @control-key kms:{RevokeGrant,UpdatePrimaryRegion} | @every-key | allow | an emergency
break-glass deployment | forwarded other-vpc second-endpoint same-id | kms:PutKeyPolicy | @every-key | allow | from wherever: CloudFormation and people are in no VPC of ours
deployment | internet | kms:PutKeyPolicy | @every-key +aws:ResourceTag/enclave-vault=other | identity > allow | a key of another vault
admin tagged root operator | internet | @control-key | @every-key | DenyControlByOthers | no administrator opens a key to himself, nor the root user #key-control
admin | ours | @control-key | @every-key | DenyControlByOthers | in the VPC neither #key-control
@insiders | ours | kms:PutKeyPolicy | @every-key | DenyControlByOthers | what is taken over cannot open a key #key-control-taken-over
deployer slr-config | internet | @control-key | @every-key | DenyControlByOthers | the deploy command goes through CloudFormation #key-control
stranger | internet | @control-key | @every-key | DenyControlByOthers | nor another account #key-control
deployment break-glass | internet | kms:PutKeyPolicy | @every-key +kms:BypassPolicyLockoutSafetyCheck=true | DenyLockoutBypass | nobody locks everybody out #key-lockout
deployment break-glass | internet | kms:PutKeyPolicy | @every-key +kms:BypassPolicyLockoutSafetyCheck=false | allow | what was not bypassed
deployment break-glass admin | internet | kms:ReplicateKey | @every-key +kms:ReplicaRegion=eu-west-1 | DenyReplication | to no Region that is not configured #key-replication
deployment admin | internet | kms:UpdatePrimaryRegion | @every-key | DenyPrimaryRegionChangeByOthers | where a key may be changed from, break-glass decides
deployment | internet | kms:{CreateKey,ListAliases,ListKeys} | * | allow | before a key is there
deployment | internet | kms:CreateKey | * +kms:KeyOrigin=AWS_KMS | allow | of KMS's own making
deployment | internet | kms:CreateKey | * +kms:KeyOrigin=EXTERNAL | identity:DenyForeignKeyMaterial | material that somebody else knows #foreign-key-material
deployment | internet | kms:CreateKey | * +kms:KeyOrigin=EXTERNAL_KEY_STORE | identity:DenyForeignKeyMaterial | or keeps #foreign-key-material
deployment | internet | kms:CreateKey | * +kms:KeyOrigin=AWS_CLOUDHSM | identity:DenyForeignKeyMaterial | or reaches by another way #foreign-key-material
deployment | internet | kms:CreateKey | * +kms:BypassPolicyLockoutSafetyCheck=true | identity:DenyLockoutBypass | a key that nobody could change
deployment break-glass | internet | kms:{CreateAlias,DeleteAlias,UpdateAlias} | kms/alias/vault/records | allow | an alias is asked for as well as its key
deployment break-glass | internet | kms:UpdateAlias | kms/alias/payroll/records | identity > boundary | another program's
operator | internet | @read-key @tend-key kms:RevokeGrant | base/LogsKey | allow | an operator tends keys
operator | internet | kms:UpdateAlias | kms/alias/vault/records | allow | and aliases
operator | internet | kms:UpdateAlias | kms/alias/payroll/records | boundary | of this vault
operator | internet | kms:{ListAliases,ListKeys} cloudtrail:LookupEvents cloudwatch:{DescribeAlarms,GetMetricData,ListMetrics} logs:{DescribeLogGroups,FilterLogEvents,GetLogEvents} | * | allow | an operator sees what watches the vault
break-glass | internet | kms:{ListAliases,ListKeys} cloudtrail:LookupEvents cloudwatch:{DescribeAlarms,GetMetricData,ListMetrics} logs:{DescribeLogGroups,FilterLogEvents,GetLogEvents} | * | allow | as does an emergency
operator | internet | cloudwatch:DeleteAlarms iam:PassRole lambda:UpdateFunctionCode | * | boundary | and changes nothing of it #operator-boundary

# ------------------------------------------------------------------------------------------------ the vault's five keys
deployer | internet | @read-key | @vault-keys | allow | the deploy command reads public keys and live measurements
deployer | internet ours | @tend-key kms:RevokeGrant | @vault-keys | DenyDeployersButReading | and changes nothing itself
slr-config slr-analyzer | internet | kms:{DescribeKey,GetKeyPolicy} | @vault-keys | allow | AWS Config and Access Analyzer look at policies
admin tagged root operator | internet | kms:DescribeKey | @vault-keys | DenyOutsideNetwork | no network but ours, and no tag that opens another
admin | other-vpc forwarded via-s3 | kms:DescribeKey | @vault-keys | DenyOutsideNetwork | nor a service on somebody's behalf
admin | other-vpc-our-endpoint | kms:DescribeKey | @vault-keys | DenyOutsideNetwork | VPC and endpoint are both asked
admin | same-id | kms:DescribeKey | @vault-keys | DenyOtherRegionsNetwork | an id is of one Region
admin root tagged | second-endpoint | kms:DescribeKey | @vault-keys | DenyOutsideEndpoint | an endpoint that somebody made beside ours #network-perimeter
admin | ours | kms:DescribeKey | @vault-keys | endpoint | ours lets three roles through
slr-config deployer break-glass deployment | same-id second-endpoint other-vpc | kms:DescribeKey | @vault-keys | allow | exempt by name
stranger | ours | kms:DescribeKey | @vault-keys | DenyOtherAccounts | another account #other-accounts
stranger anonymous | internet | kms:DescribeKey | @vault-keys | DenyOutsideNetwork | from outside all the more
api | ours | kms:DescribeKey | @vault-keys | identity > allow | nothing that it does not need
instance api | ours | kms:GetKeyPolicy | @vault-keys | endpoint | nor through this endpoint
admin deployment | internet | kms:CreateGrant | @vault-keys base/LogsKey base/TopicKey artifacts/ArtifactsKey evidence/Key pipeline/FilesKey signing/ImageKey signing/ReleaseKey | DenyGrants | a grant is a policy that nobody reviews #grants
deployment | forwarded | kms:CreateGrant | @vault-keys +kms:GrantIsForAWSResource=true | DenyGrants | for a service neither
api deployment break-glass | ours internet | kms:{ReEncryptFrom,ReEncryptTo} | @vault-keys | DenyReEncryption | nothing changes its key #re-encryption

cloudtrail! events! dynamodb! s3! | for-us for-others silent | kms:DescribeKey | @vault-keys | DenyOutsideNetwork | no service has business with the vault's keys

# ------------------------------------------------------------------------------------------------ vault key
+record = +kms:EncryptionContext:vault_id=v_01HV1XW70Q03PHK892JFQAY0Z5 +kms:EncryptionContext:tenant_id=default +kms:EncryptionContextKeys=vault_id;tenant_id
+p384 = +kms:DataKeyPairSpec=ECC_NIST_P384
+document = ${REGISTERS.map(([, key, digit]) => `+${key}=${digit.repeat(96)}`).join(' ')}
enclave | ours | kms:Decrypt | keys/VaultKey +record | allow | the one that opens records
api | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +record +p384 | allow | a key pair for each record, whose private half it never sees
api-role | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +record +p384 | identity > allow | the role without its function #role-without-function
instance | ours | kms:Decrypt | keys/VaultKey +record | DenyWithoutPCR0 | a parent without its enclave #parent-without-enclave
api admin root deployment break-glass stranger operator canary-inside canary-outside build pipeline | ours | kms:Decrypt | keys/VaultKey +record +document | DenyDecryptByOthers | a document of the right enclave is not enough #decrypt-by-others
enclave | internet other-vpc forwarded | kms:Decrypt | keys/VaultKey +record | DenyOutsideNetwork | stolen credentials and a replayed document #decrypt-elsewhere
enclave | second-endpoint | kms:Decrypt | keys/VaultKey +record | DenyOutsideEndpoint | past the endpoint's policy
enclave | same-id | kms:Decrypt | keys/VaultKey +record | DenyOtherRegionsNetwork | from another Region's VPC
api | internet other-vpc forwarded | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +record +p384 | DenyOutsideNetwork | stolen credentials #stolen-api-credentials
api | second-endpoint | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +record +p384 | DenyOutsideEndpoint | past the endpoint's policy
enclave instance admin root deployment break-glass canary-inside stranger | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +record +p384 | DenyKeyPairsByOthers | nobody swaps a record's key pair #key-pairs-by-others
api | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +record | DenyOtherKeyPairSpecs | of one curve
api | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +record +kms:DataKeyPairSpec=RSA_2048 | DenyOtherKeyPairSpecs | and no other
api | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +p384 | DenyWithoutVaultId | under a record's context
enclave | ours | kms:Decrypt | keys/VaultKey | DenyWithoutVaultId | the same to open it #record-context
api | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +p384 +record +kms:EncryptionContext:vault_id=enclave-request/1 | DenyWithoutVaultId | no request's
enclave | ours | kms:Decrypt | keys/VaultKey +record +kms:EncryptionContext:vault_id=enclave-request/1 | DenyWithoutVaultId | to open it neither
api | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +p384 +record -kms:EncryptionContext:tenant_id | DenyWithoutTenantId | of a tenant
enclave | ours | kms:Decrypt | keys/VaultKey +record -kms:EncryptionContext:tenant_id | DenyWithoutTenantId | the same to open it #record-context
api | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +p384 +record +kms:EncryptionContextKeys=vault_id;tenant_id;purpose | DenyOtherContext | and of nothing more
enclave | ours | kms:Decrypt | keys/VaultKey +record +kms:EncryptionContextKeys=vault_id;tenant_id;purpose | DenyOtherContext | the same to open it #record-context
enclave | ours | kms:Decrypt | keys/VaultKey +record +kms:EncryptionContextKeys=VAULT_ID;TENANT_ID | DenyOtherContext | letter by letter
api enclave admin root deployment break-glass | ours | kms:{Encrypt,GenerateDataKey,GenerateDataKeyWithoutPlaintext,GenerateDataKeyPair} | keys/VaultKey +record | DenyOtherUses | good for one thing #one-use

# each register by itself: another image, debug mode, a document without it; hex has no case
${REGISTERS.map(
  ([pcr, key]) => `
enclave | ours | kms:Decrypt | keys/VaultKey +record +${key}=${'7'.repeat(96)} | DenyWithout${pcr} | another ${pcr} #other-program
enclave | ours | kms:Decrypt | keys/VaultKey +record +${key}=${'0'.repeat(96)} | DenyWithout${pcr} | debug mode #debug-mode
enclave | ours | kms:Decrypt | keys/VaultKey +record -${key} | DenyWithout${pcr} | a document without ${pcr} #other-program
enclave | ours | kms:Decrypt | keys/RequestKey +request +${key}=${'7'.repeat(96)} | DenyWithout${pcr} | another ${pcr} #other-program
enclave | ours | kms:Decrypt | keys/RequestKey +request +${key}=${'0'.repeat(96)} | DenyWithout${pcr} | debug mode #debug-mode
enclave | ours | kms:Decrypt | keys/RequestKey +request -${key} | DenyWithout${pcr} | a document without ${pcr} #other-program
`,
).join('')}

# ------------------------------------------------------------------------------------------------ request key
+request = +kms:EncryptionContext:purpose=enclave-request/1 +kms:EncryptionContextKeys=purpose
enclave | ours | kms:Decrypt | keys/RequestKey +request | allow | the enclave alone reads what callers send
api | ours | kms:GenerateDataKey | keys/RequestKey +request | allow | a data key for each request
api-role | ours | kms:GenerateDataKey | keys/RequestKey +request | identity > allow | the role without its function #role-without-function
instance | ours | kms:Decrypt | keys/RequestKey +request | DenyWithoutPCR0 | a parent relays what it cannot read #parent-without-enclave
api admin root deployment break-glass stranger canary-inside | ours | kms:Decrypt | keys/RequestKey +request +document | DenyDecryptByOthers | a document of the right enclave is not enough #decrypt-by-others
enclave instance admin root deployment break-glass canary-inside stranger | ours | kms:GenerateDataKey | keys/RequestKey +request | DenyDataKeysByOthers | nobody else asks the enclave for anything #data-keys-by-others
enclave | internet other-vpc forwarded | kms:Decrypt | keys/RequestKey +request | DenyOutsideNetwork | stolen credentials and a replayed document #decrypt-elsewhere
enclave | second-endpoint | kms:Decrypt | keys/RequestKey +request | DenyOutsideEndpoint | past the endpoint's policy
api | ours | kms:GenerateDataKey | keys/RequestKey | DenyOtherPurposes | for requests
enclave | ours | kms:Decrypt | keys/RequestKey | DenyOtherPurposes | the same to open it
api | ours | kms:GenerateDataKey | keys/RequestKey +request +kms:EncryptionContext:purpose=enclave-request/10 | DenyOtherPurposes | of this version
enclave | ours | kms:Decrypt | keys/RequestKey +record | DenyOtherPurposes | and no records
api | ours | kms:GenerateDataKey | keys/RequestKey +request +kms:EncryptionContextKeys=purpose;tenant | DenyOtherContext | of nothing more
enclave | ours | kms:Decrypt | keys/RequestKey +request +kms:EncryptionContextKeys=purpose;tenant | DenyOtherContext | the same to open it
enclave | ours | kms:Decrypt | keys/RequestKey +request +kms:EncryptionContextKeys=PURPOSE | DenyOtherContext | letter by letter
api enclave admin root deployment break-glass | ours | kms:{Encrypt,GenerateDataKeyWithoutPlaintext,GenerateDataKeyPair,GenerateDataKeyPairWithoutPlaintext} | keys/RequestKey +request | DenyOtherUses | good for one thing #one-use

# ------------------------------------------------------------------------------------------------ integrity key
+integrity = +kms:EncryptionContext:purpose=integrity/record +kms:EncryptionContextKeys=purpose
@integrity-uses = kms:{Decrypt,GenerateDataKey,GenerateDataKeyWithoutPlaintext}
api | ours | @integrity-uses | keys/IntegrityKey +integrity | allow | the API authenticates records and chains
api-role | ours | @integrity-uses | keys/IntegrityKey +integrity | identity > allow | the role without its function #role-without-function
enclave instance admin root deployment break-glass stranger canary-inside | ours | @integrity-uses | keys/IntegrityKey +integrity | DenyUseByOthers | neither enclave nor writer of the store forges either #integrity-by-others
api | internet other-vpc forwarded | @integrity-uses | keys/IntegrityKey +integrity | DenyOutsideNetwork | stolen credentials #stolen-api-credentials
api | second-endpoint | @integrity-uses | keys/IntegrityKey +integrity | DenyOutsideEndpoint | past the endpoint's policy
api | ours | @integrity-uses | keys/IntegrityKey | DenyOtherPurposes | for integrity
api | ours | @integrity-uses | keys/IntegrityKey +integrity +kms:EncryptionContext:purpose=integrity/ | DenyOtherPurposes | of something
api | ours | @integrity-uses | keys/IntegrityKey +integrity +kms:EncryptionContextKeys=purpose;tenant | DenyOtherContext | and of nothing more
api | ours | @integrity-uses | keys/IntegrityKey +integrity +kms:EncryptionContextKeys=PURPOSE | DenyOtherContext | letter by letter
api admin root deployment break-glass | ours | kms:{Encrypt,GenerateDataKeyPair,GenerateDataKeyPairWithoutPlaintext} | keys/IntegrityKey +integrity | DenyOtherUses | good for one thing #one-use

# ------------------------------------------------------------------------------------------------ keys of the channel between API and parent
+certificate = +kms:SigningAlgorithm=ECDSA_SHA_384 +kms:MessageType=DIGEST
instance enclave | ours | kms:Sign | keys/ChannelServerKey +certificate | allow | the parent is the server of the channel
api | ours | kms:Sign | keys/ChannelClientKey +certificate | allow | the API is its client
instance | ours | kms:GetPublicKey | keys/ChannelServerKey | allow | whether the configured root is this key's
api | ours | kms:GetPublicKey | keys/ChannelClientKey | allow | the same
api-role | ours | kms:{Sign,GetPublicKey} | keys/ChannelClientKey +certificate | identity > allow | the role without its function #role-without-function
api admin root deployment break-glass build canary-inside stranger | ours | kms:Sign | keys/ChannelServerKey +certificate | DenySignByOthers | nobody else is a parent #channel-by-others
instance enclave admin root deployment break-glass build stranger | ours | kms:Sign | keys/ChannelClientKey +certificate | DenySignByOthers | nobody else is the API #channel-by-others
instance | ours | kms:Sign | keys/ChannelServerKey +certificate +kms:SigningAlgorithm=ECDSA_SHA_256 | DenyOtherAlgorithms | one algorithm
api | ours | kms:Sign | keys/ChannelClientKey +certificate +kms:SigningAlgorithm=ECDSA_SHA_256 | DenyOtherAlgorithms | one algorithm
instance | ours | kms:Sign | keys/ChannelServerKey +certificate +kms:MessageType=RAW | DenyOtherMessageTypes | of digests
api | ours | kms:Sign | keys/ChannelClientKey +certificate +kms:MessageType=RAW | DenyOtherMessageTypes | of digests
instance | internet other-vpc | kms:Sign | keys/ChannelServerKey +certificate | DenyOutsideNetwork | stolen credentials
api | internet other-vpc | kms:Sign | keys/ChannelClientKey +certificate | DenyOutsideNetwork | stolen credentials
instance | second-endpoint | kms:Sign | keys/ChannelServerKey +certificate | DenyOutsideEndpoint | past the endpoint's policy
admin api instance | ours | kms:{Verify,Encrypt} | keys/ChannelServerKey keys/ChannelClientKey | endpoint | nothing else is asked of them
deployment break-glass | internet | kms:Verify | keys/ChannelServerKey keys/ChannelClientKey | resource > allow | by nobody

# ------------------------------------------------------------------------------------------------ customer keys of services: common
@use-key = kms:{Decrypt,Encrypt,GenerateDataKey,GenerateDataKeyWithoutPlaintext,ReEncryptFrom,ReEncryptTo}
@never-use = kms:{DeriveSharedSecret,GenerateDataKeyPair,GenerateDataKeyPairWithoutPlaintext,GenerateMac,Sign}
admin root slr-config deployer | internet | @read-key | @service-keys | allow | metadata of these keys is no secret in the account
stranger | internet ours | @read-key | @service-keys | EnforceIdentityPerimeter | and of no business to another
anonymous | internet | kms:DescribeKey | @service-keys | EnforceIdentityPerimeter | nor to nobody
s3! events! cloudwatch! lambda! | for-others | kms:DescribeKey | @service-keys | EnforceConfusedDeputyProtection | nor to a service that acts for another account
s3! lambda! ec2! | for-us silent | kms:DescribeKey | @service-keys | resource > allow | nor to one that has no part
admin deployment break-glass | internet | @never-use | base/LogsKey base/TopicKey artifacts/ArtifactsKey data/DataKey pipeline/FilesKey | DenyOtherUses | they encrypt, and do nothing else
break-glass deployment | internet | kms:GenerateMac | evidence/Key | resource > allow | nor does the trail's

# ------------------------------------------------------------------------------------------------ key of log groups
+log = +kms:EncryptionContext:aws:logs:arn=arn:aws:logs:eu-central-1:111122223333:log-group:/vault/trail
+log-of-function = +kms:EncryptionContext:aws:logs:arn=arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/vault-api
+log-of-waf = +kms:EncryptionContext:aws:logs:arn=arn:aws:logs:eu-central-1:111122223333:log-group:aws-waf-logs-vault-api
+log-of-other = +kms:EncryptionContext:aws:logs:arn=arn:aws:logs:eu-central-1:111122223333:log-group:/payroll/log
+log-of-stranger = +kms:EncryptionContext:aws:logs:arn=arn:aws:logs:eu-central-1:444455556666:log-group:/vault/trail
logs.eu-central-1! | for-us silent | @use-key | base/LogsKey +log | allow | CloudWatch Logs, for groups of the vault
logs.eu-central-1! | silent | @use-key | base/LogsKey +log-of-function | allow | those of its functions
logs.eu-central-1! | silent | @use-key | base/LogsKey +log-of-waf | allow | and of its firewall
logs.eu-central-1! | silent | kms:DescribeKey | base/LogsKey data/DataKey | allow | whether the key can be used
logs.eu-central-1! | for-us silent | @use-key | base/LogsKey +log-of-other | DenyOtherContext | for no others of the account
logs.eu-central-1! | silent | @use-key | base/LogsKey +log-of-stranger | DenyOtherContext | nor of another account
logs.eu-central-1! | silent | @use-key | base/LogsKey | DenyOtherContext | nor for nothing
logs.eu-central-1! | for-others | @use-key | base/LogsKey +log | EnforceConfusedDeputyProtection | nor on behalf of another account
s3! dynamodb! cloudtrail! | for-us | @use-key | base/LogsKey +log | resource > allow | no other service
admin root deployment break-glass deployer | internet | @use-key | base/LogsKey | DenyOtherContext | nobody himself
admin deployment | internet | @use-key | base/LogsKey +log | resource > allow | with the right words neither
stranger | internet | @use-key | base/LogsKey +log | EnforceIdentityPerimeter | nor a stranger
logs.eu-central-1! | silent | kms:CreateGrant | base/LogsKey | DenyGrants | no grants

# ------------------------------------------------------------------------------------------------ key of the alarm topic
+topic = +kms:EncryptionContext:aws:sns:topicArn=arn:aws:sns:eu-central-1:111122223333:vault-alarms
+other-topic = +kms:EncryptionContext:aws:sns:topicArn=arn:aws:sns:eu-central-1:111122223333:payroll
+alarm = +aws:SourceArn=arn:aws:cloudwatch:eu-central-1:111122223333:alarm:vault-canary
+rule = +aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/vault-watch-keys
@publish-key = kms:{Decrypt,GenerateDataKey,GenerateDataKeyWithoutPlaintext}
cloudwatch! | for-us | @publish-key | base/TopicKey +alarm +topic | allow | alarms are told
cloudwatch! | for-us | @publish-key | base/TopicKey +alarm | allow | where SNS tells no context
events! | silent | @publish-key | base/TopicKey +topic | allow | EventBridge says nothing on this way
events! | silent | @publish-key | base/TopicKey | allow | nothing at all
pipeline | via-sns | kms:{Decrypt,GenerateDataKey} | base/TopicKey +topic | allow | the pipeline asks for approval
pipeline | via-sns | kms:GenerateDataKeyWithoutPlaintext | base/TopicKey +topic | identity > allow | as far as it needs to
cloudwatch! | for-us | @publish-key | base/TopicKey | resource > allow | an alarm, not just the service
cloudwatch! | silent | @publish-key | base/TopicKey +alarm | resource > allow | of this account
cloudwatch! events! | for-others | @publish-key | base/TopicKey | EnforceConfusedDeputyProtection | for no other account
cloudwatch! | for-us | @use-key | base/TopicKey +alarm +other-topic | DenyOtherContext | and no other topic
events! | silent | @use-key | base/TopicKey +other-topic | DenyOtherContext | nor EventBridge's
s3! lambda! | for-us | @publish-key | base/TopicKey | resource > allow | no other service
events! | silent | kms:{Encrypt,ReEncryptFrom,ReEncryptTo} | base/TopicKey +topic | resource > allow | nothing more than publishing takes
admin root deployment break-glass pipeline | internet | @use-key | base/TopicKey | DenyDirectUse | nobody himself
admin | via-s3 | @use-key | base/TopicKey +topic | DenyDirectUse | through SNS only
api admin | via-sns | @publish-key | base/TopicKey +topic | resource > allow | and not everybody
stranger | via-sns | @publish-key | base/TopicKey +topic | EnforceIdentityPerimeter | no stranger

# ------------------------------------------------------------------------------------------------ key of artifacts
+bucket = +kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::vault-artifacts-111122223333-eu-central-1
+object = +kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/release/parent.tar.gz
+image = +kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/release/enclave-vault.eif
+settings = +kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/settings/parent.tar.gz
+foreign-object = +kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::payroll/x
instance deployment deployer | via-s3 | kms:Decrypt | artifacts/ArtifactsKey +bucket | allow | who fetches
instance deployment deployer | via-s3 | kms:Decrypt | artifacts/ArtifactsKey +object | allow | with or without a bucket key
instance | via-s3 | kms:Decrypt | artifacts/ArtifactsKey +image | allow | the image
instance | via-s3 | kms:Decrypt | artifacts/ArtifactsKey +settings | allow | and its settings
instance | via-s3 | kms:Decrypt | artifacts/ArtifactsKey +bucket +kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/signed/api.zip | identity > allow | and nothing else
deployer | via-s3 | kms:GenerateDataKey | artifacts/ArtifactsKey +object | allow | who places
break-glass | via-s3 | kms:Decrypt | artifacts/ArtifactsKey +object | identity > allow | named in the key, given no bucket
deploy | via-s3 | kms:{Decrypt,GenerateDataKey} | artifacts/ArtifactsKey +object | allow | the pipeline's deploy command, what was approved
deploy | via-sns internet | kms:{Decrypt,GenerateDataKey} | artifacts/ArtifactsKey +object | DenyDirectUse | through S3
build | via-s3 | @use-key | artifacts/ArtifactsKey +object | DenyUseByOthers | the build, which runs what nobody has approved, places nothing here
pipeline | via-s3 | kms:Decrypt | artifacts/ArtifactsKey +object | identity > allow | for sources that are uploaded; here they come from a Git host
instance deployment break-glass pipeline | via-s3 | kms:GenerateDataKey | artifacts/ArtifactsKey +object | resource > allow | who fetches does not place
deployer | via-s3 | kms:{Encrypt,GenerateDataKeyWithoutPlaintext,ReEncryptFrom,ReEncryptTo} | artifacts/ArtifactsKey +object | resource > allow | by nothing else
deployer deployment | via-s3 | @use-key | artifacts/ArtifactsKey +foreign-object | DenyOtherContext | for this bucket
instance deployer admin | internet | @use-key | artifacts/ArtifactsKey +bucket | DenyDirectUse | through S3
deployer | via-dynamodb | @use-key | artifacts/ArtifactsKey +bucket | DenyDirectUse | and no other service
admin root operator api canary-outside | via-s3 | @use-key | artifacts/ArtifactsKey +bucket | DenyUseByOthers | by nobody else
s3! | for-us silent | @use-key | artifacts/ArtifactsKey +bucket | resource > allow | not by S3 itself
s3! | for-others | @use-key | artifacts/ArtifactsKey +bucket | EnforceConfusedDeputyProtection | and for nobody else
stranger | via-s3 | kms:Decrypt | artifacts/ArtifactsKey +bucket | DenyUseByOthers | no stranger

# ------------------------------------------------------------------------------------------------ key of the table and of heads
+table = +kms:EncryptionContext:aws:dynamodb:tableName=vault-records +kms:EncryptionContext:aws:dynamodb:subscriberId=111122223333
+restored = +kms:EncryptionContext:aws:dynamodb:tableName=vault-records-restored +kms:EncryptionContext:aws:dynamodb:subscriberId=111122223333
+foreign-table = +kms:EncryptionContext:aws:dynamodb:tableName=payroll +kms:EncryptionContext:aws:dynamodb:subscriberId=111122223333
+foreign-subscriber = +kms:EncryptionContext:aws:dynamodb:tableName=vault-records +kms:EncryptionContext:aws:dynamodb:subscriberId=444455556666
+heads = +kms:EncryptionContext:aws:logs:arn=arn:aws:logs:eu-central-1:111122223333:log-group:/vault/audit-heads
+grant = +kms:GrantIsForAWSResource=true
api | via-dynamodb | kms:Decrypt | data/DataKey +table | allow | DynamoDB on behalf of the API
deployment slr-replication | via-dynamodb | @use-key | data/DataKey +table | allow | who makes the table, and who replicates it
break-glass | via-dynamodb | @use-key | data/DataKey +table | allow | to restore it
break-glass | via-dynamodb | @use-key | data/DataKey +restored | allow | under another name
deployment break-glass slr-replication | via-dynamodb | kms:CreateGrant | data/DataKey +grant | allow | by which DynamoDB works
break-glass deployment | via-s3 | kms:CreateGrant | data/DataKey +grant | DenyGrantsElsewhere | by no other service
break-glass deployment | internet | kms:CreateGrant | data/DataKey +grant | DenyGrantsElsewhere | nor by themselves
break-glass deployment | via-dynamodb | kms:CreateGrant | data/DataKey | DenyOtherGrants | nor for anybody but a service
break-glass deployment | via-dynamodb | kms:CreateGrant | data/DataKey +kms:GrantIsForAWSResource=false | DenyOtherGrants | nor for anybody but a service
admin root api operator stranger | via-dynamodb | kms:CreateGrant | data/DataKey +grant | DenyGrantsByOthers | and made by no others
admin root deployer api slr-replication operator | internet | kms:RevokeGrant | data/DataKey | DenyRevocationByOthers | and by nobody else
logs.eu-central-1! | for-us silent | @use-key | data/DataKey +heads | allow | the log of heads is under this key as well
logs.eu-central-1! | silent | @use-key | data/DataKey +log | DenyOtherContext | and no other log
logs.eu-central-1! | for-others | @use-key | data/DataKey +heads | EnforceConfusedDeputyProtection | nor for another account
dynamodb! | silent for-us | kms:{DescribeKey,GetKeyPolicy,ListGrants} | data/DataKey | allow | whether the key can be used
dynamodb! | for-us | @use-key | data/DataKey +table | resource > allow | as itself it reads nothing
api | via-dynamodb | kms:{Encrypt,GenerateDataKey,GenerateDataKeyWithoutPlaintext,ReEncryptFrom,ReEncryptTo} | data/DataKey +table | resource > allow | the API reads what DynamoDB encrypted
api deployment break-glass | via-dynamodb | @use-key | data/DataKey +foreign-table | DenyOtherContext | for this table
api deployment break-glass | via-dynamodb | @use-key | data/DataKey +foreign-subscriber | DenyOtherSubscribers | of this account
api deployment break-glass admin | internet | @use-key | data/DataKey +table | DenyDirectUse | through DynamoDB
deployment break-glass | via-s3 | @use-key | data/DataKey +table | DenyDirectUse | and no other service
admin root operator deployer instance stranger | via-dynamodb | @use-key | data/DataKey +table | DenyUseByOthers | the table's second lock #table-second-lock
s3! cloudtrail! | for-us | @use-key | data/DataKey +table | resource > allow | no other service

# ------------------------------------------------------------------------------------------------ key of the trail
+trail = +kms:EncryptionContext:aws:cloudtrail:arn=arn:aws:cloudtrail:eu-central-1:111122223333:trail/vault-trail
+by-trail = +aws:SourceArn=arn:aws:cloudtrail:eu-central-1:111122223333:trail/vault-trail
cloudtrail! | for-us silent | kms:{GenerateDataKey,GenerateDataKeyWithoutPlaintext} | evidence/Key +trail +by-trail | allow | CloudTrail encrypts for this trail
cloudtrail! | silent | kms:DescribeKey | evidence/Key +by-trail | allow | whether the key can be used
cloudtrail! | for-us | kms:GenerateDataKey | evidence/Key +trail | resource > allow | and no other
cloudtrail! | for-us | kms:GenerateDataKey | evidence/Key +by-trail | resource > allow | under its name
cloudtrail! | silent | kms:DescribeKey | evidence/Key | resource > allow | nor looks for others
cloudtrail! | for-others | kms:GenerateDataKey | evidence/Key +trail +by-trail | EnforceConfusedDeputyProtection | nor for another account
admin root deployer | via-s3 | kms:Decrypt | evidence/Key +trail | allow | readers of the trail
operator | via-s3 | kms:Decrypt | evidence/Key +trail | boundary | whose boundary lets them
admin root | internet | kms:Decrypt | evidence/Key +trail | resource > allow | through S3
admin root | via-s3 | kms:Decrypt | evidence/Key | resource > allow | of this trail
stranger | via-s3 | kms:Decrypt | evidence/Key +trail | EnforceIdentityPerimeter | and of this account

# ------------------------------------------------------------------------------------------------ table
@table = dynamodb/table/vault-records
@new-table = dynamodb/table/vault-records-restored
@items = dynamodb:{ConditionCheckItem,GetItem,PutItem,Query,Scan}
@other-items = dynamodb:{BatchGetItem,BatchWriteItem,DeleteItem,PartiQLDelete,PartiQLInsert,PartiQLSelect,PartiQLUpdate,UpdateItem}
@restore-items = dynamodb:{BatchWriteItem,DeleteItem,GetItem,PutItem,Query,Scan,UpdateItem}
@control-table = dynamodb:{DeleteResourcePolicy,DeleteTable,PutResourcePolicy,TagResource,UntagResource,UpdateContinuousBackups,UpdateContributorInsights,UpdateTable,UpdateTimeToLive}
@control-streams = dynamodb:{DisableKinesisStreamingDestination,UpdateTableReplicaAutoScaling}
@exports = dynamodb:{EnableKinesisStreamingDestination,ExportTableToPointInTime,UpdateKinesisStreamingDestination}
+transaction = +dynamodb:EnclosingOperation=TransactWriteItems
+keys-only = +dynamodb:Attributes=pk;sk +dynamodb:Select=SPECIFIC_ATTRIBUTES
api | ours | dynamodb:{GetItem,Query} | @table | allow | records, one by one
api | ours | dynamodb:PutItem | @table +transaction | allow | in a transaction with its audit entry
api | ours | dynamodb:Scan | @table +keys-only | allow | names of records, to find keys that expired
api | ours | dynamodb:Scan | @table +dynamodb:Attributes=pk;sk | allow | the same where nothing is said of Select
api | ours | dynamodb:PutItem | @table | identity > allow | not without one
api | ours | dynamodb:PutItem | @table +dynamodb:EnclosingOperation=BatchWriteItem | identity > allow | nor in a batch
api | ours | dynamodb:Scan | @table | identity > allow | no whole records
api | ours | dynamodb:Scan | @table +dynamodb:Attributes=pk;sk;record +dynamodb:Select=SPECIFIC_ATTRIBUTES | identity > allow | nor one attribute more
api | ours | dynamodb:Scan | @table +dynamodb:Attributes=pk;sk +dynamodb:Select=ALL_ATTRIBUTES | identity > allow | nor all of them
api-role | ours | dynamodb:{GetItem,Query} | @table | identity > allow | the role without its function
api-role | ours | dynamodb:PutItem | @table +transaction | identity > allow | the same to write
api-role | ours | dynamodb:Scan | @table +keys-only | identity > allow | the same to list
api | ours | dynamodb:ConditionCheckItem | @table | endpoint | what the vault does not use
api | ours | @other-items | @table | DenyOtherItemOperations | nor changes in place, batches and PartiQL
api | ours | dynamodb:GetItem | dynamodb/table/payroll | endpoint | nor other tables
api | internet other-vpc second-endpoint forwarded | @items | @table | DenyItemsOutsideEndpoint | stolen credentials of the function #items-elsewhere
api | other-vpc-our-endpoint | @items | @table | EnforceNetworkPerimeter | VPC and endpoint are both asked
slr-replication | internet | @items @other-items | @table | allow | or the replica is lost after 20 hours
admin tagged root operator instance deployer stranger canary-inside smoke | ours | @items | @table | DenyItemsToOthers | nobody else reads or writes an item #items-by-others
deployment break-glass slr-config anonymous | internet forwarded | @items | @table | DenyItemsToOthers | not who makes the table, nor who controls it #items-by-others
break-glass | via-dynamodb | @items | @table | DenyItemsToOthers | nor while restoring #items-by-others
admin tagged root break-glass deployment stranger | internet ours | @other-items | @table | DenyOtherItemOperations | nor otherwise #items-by-others
dynamodb! lambda! s3! | for-us for-others silent | @items | @table | DenyItemsToOthers | no service as itself
admin root break-glass deployment deployer api slr-replication | internet | @exports | @table | DenyExports | nothing leaves to where this policy does not reach #table-copies
break-glass | internet | dynamodb:RestoreTableToPointInTime | @table | allow | an emergency restores
break-glass | internet | dynamodb:CreateBackup | @table | identity > allow | and makes no backups
admin root deployment deployer api stranger | internet | dynamodb:{CreateBackup,RestoreTableToPointInTime} | @table | DenyCopiesByOthers | nobody else makes a copy #table-copies
break-glass | via-dynamodb | @restore-items | @new-table | allow | DynamoDB fills the new table in its name
break-glass | internet | @restore-items | @new-table | identity > boundary | and it reads none of it #restored-copy
break-glass | internet | dynamodb:{DescribeTable,PutResourcePolicy,DescribeContinuousBackups,UpdateTable,UpdateContinuousBackups} | @new-table | allow | the new table gets its policy and protections before it is used
break-glass | internet | dynamodb:RestoreTableToPointInTime | @new-table | allow | and is restored once more, into the place of the old one
break-glass | via-dynamodb | @restore-items | opened:dynamodb/table/vault-records | allow | which is gone then, and its policy with it
break-glass | internet | dynamodb:{DeleteTable,DeleteItem} | opened:dynamodb/table/vault-records | identity > boundary | and which it does not delete itself
break-glass | internet | dynamodb:{DeleteResourcePolicy,PutResourcePolicy,UpdateContinuousBackups,UpdateTable,DescribeContinuousBackups,DescribeTable,GetResourcePolicy} | @table | allow | control of the table
break-glass | internet | dynamodb:{DescribeTable,RestoreTableToPointInTime} | dynamodb/table/payroll | identity > boundary | of this one
deployment | internet forwarded | @control-table dynamodb:{DescribeContinuousBackups,DescribeContributorInsights,DescribeTable,DescribeTimeToLive,GetResourcePolicy,ListTagsOfResource} | @table | allow | CloudFormation
deployment | internet | dynamodb:{CreateTable,CreateTableReplica,DeleteTableReplica,DescribeKinesisStreamingDestination,DescribeTableReplicaAutoScaling} | @table | allow | CloudFormation
deployment | internet | dynamodb:{CreateTable,DescribeTable,DescribeContributorInsights} | dynamodb/table/vault-records/index/x | allow | what lies below a table
deployment | internet | dynamodb:CreateTable | dynamodb/table/payroll | identity > boundary | of this vault
slr-replication | internet | @control-table @control-streams | @table | allow | replication
admin root deployer api stranger | internet | @control-table @control-streams | @table | DenyControlByOthers | nobody else changes the table, its policy or its protections #table-control
slr-config deployer | internet | dynamodb:{DescribeTable,GetResourcePolicy} | @table | allow | AWS Config and the deploy command look
admin tagged root | internet other-vpc forwarded | dynamodb:DescribeTable | @table | EnforceNetworkPerimeter | no others from outside
admin | second-endpoint | dynamodb:{DescribeTable,GetResourcePolicy} | @table | allow | inside, what a table is called is no secret; items are
stranger | other-vpc-our-endpoint | dynamodb:DescribeTable | @table | EnforceIdentityPerimeter | another account
stranger anonymous | internet | dynamodb:DescribeTable | @table | EnforceIdentityPerimeter | from wherever
cloudwatch! | for-others | dynamodb:DescribeTable | @table | EnforceConfusedDeputyProtection | a service for another account
cloudwatch! | for-us silent | dynamodb:DescribeTable | @table | resource > allow | a service without business
api | ours | dynamodb:GetItem | @table +aws:SecureTransport=false | EnforceSecureTransport | without TLS nothing
deployment | internet | dynamodb:DescribeTable | @table +aws:SecureTransport=false | EnforceSecureTransport | not even that
admin | ours | dynamodb:DescribeTable | @table | endpoint | our endpoint lets items of the API through

# ------------------------------------------------------------------------------------------------ bucket of artifacts
@bucket = s3/vault-artifacts-111122223333-eu-central-1
@file = s3/vault-artifacts-111122223333-eu-central-1/release/parent.tar.gz
@control-bucket = s3:{DeleteBucket,DeleteBucketPolicy,PutBucketAcl,PutBucketNotification,PutBucketObjectLockConfiguration,PutBucketOwnershipControls,PutBucketPolicy,PutBucketPublicAccessBlock,PutBucketVersioning,PutEncryptionConfiguration,PutInventoryConfiguration,PutLifecycleConfiguration,PutReplicationConfiguration}
@delete-objects = s3:{BypassGovernanceRetention,DeleteObject,DeleteObjectVersion,PutObjectLegalHold,PutObjectRetention}
instance | ours | s3:GetObjectVersion | @file +s3:VersionId=66666666666666666666666666666666 | allow | what an instance is made of, by version
instance | ours | s3:GetObjectVersion | s3/vault-artifacts-111122223333-eu-central-1/release/enclave-vault.eif +s3:VersionId=77777777777777777777777777777777 | allow | the image
instance | ours | s3:GetObjectVersion | s3/vault-artifacts-111122223333-eu-central-1/settings/parent.tar.gz +s3:VersionId=88888888888888888888888888888888 | allow | its settings
instance | ours | s3:GetObjectVersion | @file s3/vault-artifacts-111122223333-eu-central-1/release/enclave-vault.eif s3/vault-artifacts-111122223333-eu-central-1/settings/parent.tar.gz +s3:VersionId=99999999999999999999999999999999 | identity > allow | no other version #artifact-versions
instance | ours | s3:GetObject | @file | endpoint | nor whatever is newest
instance | second-endpoint | s3:GetObject | @file | identity > allow | not even past our endpoint's policy
instance | internet other-vpc | s3:GetObjectVersion | @file +s3:VersionId=66666666666666666666666666666666 | EnforceNetworkPerimeter | from our VPC
instance | same-id | s3:GetObjectVersion | @file +s3:VersionId=66666666666666666666666666666666 | EnforceVpcArn | of this Region
instance | ours | s3:GetObject | arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/x | identity > boundary | packages are public: their bucket allows, not we
admin | ours | s3:GetObject | arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/x | allow | our endpoint lets them pass
admin | ours | s3:GetObject | s3/payroll/x | endpoint | and nothing else
deployment deployer | internet | s3:{GetObject,GetObjectVersion} | @file | allow | code for functions, and the deploy command
deployer | internet | s3:{PutObject,PutObjectRetention,DeleteObject} | @file | allow | the deploy command places, and empties at the end
deployment | internet | s3:{DeleteBucket,DeleteBucketPolicy,PutBucketObjectLockConfiguration,PutBucketOwnershipControls,PutBucketPolicy,PutBucketPublicAccessBlock,PutBucketVersioning,PutEncryptionConfiguration,PutLifecycleConfiguration} | @bucket | allow | CloudFormation
@bucket-reads = s3:{GetAccelerateConfiguration,GetAnalyticsConfiguration,GetBucketAcl,GetBucketCORS,GetBucketLogging,GetBucketNotification,GetBucketObjectLockConfiguration,GetBucketOwnershipControls,GetBucketPolicy,GetBucketPublicAccessBlock,GetBucketTagging,GetBucketVersioning,GetBucketWebsite,GetEncryptionConfiguration,GetIntelligentTieringConfiguration,GetInventoryConfiguration,GetLifecycleConfiguration,GetMetricsConfiguration,GetReplicationConfiguration,ListBucket,ListTagsForResource}
deployment | internet | @bucket-reads s3:{CreateBucket,PutBucketLogging,PutBucketTagging,TagResource,UntagResource} | @bucket | allow | CloudFormation
deployment | internet | s3:{CreateBucket,GetBucketPolicy,PutBucketPolicy} | s3/payroll | identity > boundary | of this vault
deployment | internet | s3:PutObject | @file | DenyPlacingByOthers | CloudFormation places nothing
deployment | internet | s3:GetObject | arn:aws:s3:::vault-artifacts-111122223333-eu-central-1/x +aws:ResourceAccount=444455556666 | identity > allow | of this account
admin root tagged operator | ours internet | @control-bucket | @bucket | DenyControlByOthers | nobody else loosens the bucket
deployer instance api | internet | @control-bucket | @bucket | DenyControlByOthers | nor the deploy command
admin root instance deployment break-glass api | ours | s3:PutObject | @file | DenyPlacingByOthers | who releases places, and nobody else #artifacts-by-others
admin root api smoke canary-inside operator | ours | s3:{GetObject,GetObjectVersion} | @file | DenyFetchingByOthers | who needs a file fetches it
break-glass pipeline | internet | s3:{GetObject,GetObjectVersion} | @file | identity > allow | named, and not given
build | internet ours | s3:{GetObject,GetObjectVersion} | @file | DenyFetchingByOthers | the build sees nothing of what is deployed #build-apart
build | internet ours | s3:PutObject | @file | DenyPlacingByOthers | and places nothing #build-apart
deploy | internet | s3:{GetObject,GetObjectVersion,PutObject} | @file | allow | the deploy command in the pipeline
deploy | internet | s3:{GetBucketVersioning,ListBucket} | @bucket | allow | the deploy command in the pipeline
admin root instance deployment api build pipeline | ours | @delete-objects | @file | DenyDeletionByOthers | nothing is exchanged #artifacts-by-others
break-glass | internet | @delete-objects | @file | identity > allow | named, and not given
deployer admin deployment | internet ours | s3:{PutObjectAcl,PutObjectVersionAcl,ReplicateDelete,ReplicateObject} | @file | DenyChanges | by nobody
deployer | internet | s3:PutObject | @file +s3:x-amz-server-side-encryption=AES256 | DenyOtherEncryption | under the bucket's key
deployer | internet | s3:PutObject | @file +s3:x-amz-server-side-encryption=aws:kms | DenyOtherKeys | and no default of AWS
deployer | internet | s3:PutObject | @file +s3:x-amz-server-side-encryption=aws:kms +s3:x-amz-server-side-encryption-aws-kms-key-id=arn:aws:kms:eu-central-1:111122223333:key/33333333-3333-4333-8333-333333333333 | allow | this key
deployer | internet | s3:PutObject | @file +s3:x-amz-server-side-encryption-customer-algorithm=AES256 | DenyCustomerKeys | and none of the caller's own
stranger | ours | s3:ListBucket s3:GetObjectTagging | @bucket @file | EnforceIdentityPerimeter | another account
stranger anonymous | internet | s3:ListBucket s3:GetObjectTagging | @bucket @file | EnforceIdentityPerimeter | from wherever
admin tagged root | internet other-vpc forwarded | s3:ListBucket s3:GetObjectTagging | @bucket @file | EnforceNetworkPerimeter | not from outside
admin | same-id | s3:ListBucket s3:GetObjectTagging | @bucket @file | EnforceVpcArn | nor another Region
admin | second-endpoint | s3:ListBucket s3:GetObjectTagging | @bucket @file | allow | inside, what names tell is no secret
deployer slr-analyzer | internet same-id | s3:ListBucket s3:GetObjectTagging | @bucket @file | allow | exempt by name
break-glass pipeline deployment deploy | internet same-id | s3:GetObjectTagging | @file | identity > allow | exempt by name, given nothing
s3! lambda! | for-others | s3:ListBucket s3:GetObjectTagging | @bucket @file | EnforceConfusedDeputyProtection | a service for another account
s3! lambda! | for-us silent | s3:ListBucket s3:GetObjectTagging | @bucket @file | resource > allow | a service without business
deployer | internet | s3:ListBucket s3:GetObject | @bucket @file +aws:SecureTransport=false | EnforceSecureTransport | without TLS nothing

# ------------------------------------------------------------------------------------------------ bucket of the trail
@trail-bucket = s3/vault-trail-111122223333-eu-central-1
@trail-file = s3/vault-trail-111122223333-eu-central-1/AWSLogs/111122223333/CloudTrail/x
+owned = +s3:x-amz-acl=bucket-owner-full-control
cloudtrail! | for-us silent | s3:GetBucketAcl | @trail-bucket +by-trail | allow | CloudTrail, for this trail
cloudtrail! | for-us silent | s3:PutObject | @trail-file +by-trail +owned | allow | adds files
cloudtrail! | silent | s3:GetBucketAcl | @trail-bucket | resource > allow | for no other trail
cloudtrail! | silent | s3:PutObject | @trail-file +owned | resource > allow | for no other trail
cloudtrail! | silent | s3:PutObject | @trail-file +by-trail | resource > allow | which are the bucket's
cloudtrail! | silent | s3:PutObject | @trail-bucket s3/vault-trail-111122223333-eu-central-1/x +by-trail +owned | resource > allow | in their own place
cloudtrail! | for-others | s3:PutObject | @trail-file +by-trail +owned | EnforceConfusedDeputyProtection | for no other account
cloudtrail! | for-others | s3:GetBucketAcl | @trail-bucket +by-trail | EnforceConfusedDeputyProtection | for no other account
admin root tagged deployment break-glass deployer cloudtrail! | internet silent | s3:{BypassGovernanceRetention,DeleteObject,DeleteObjectTagging,DeleteObjectVersion,DeleteObjectVersionTagging,ReplicateDelete,ReplicateObject} | @trail-file | DenyDeletion | nobody deletes evidence, nor lays something over it #evidence-kept
admin root deployment break-glass deployer s3! | internet silent | s3:{PutObject,PutObjectAcl,PutObjectVersionAcl} | @trail-file | DenyWritingByOthers | nor forges it #evidence-kept
admin deployer | internet | s3:{GetObject,ListBucket} | @trail-file @trail-bucket | allow | people of the account read
api instance break-glass | internet | s3:GetObject | @trail-file | identity > allow | and no roles of ours
stranger anonymous | internet | s3:{GetObject,ListBucket} | @trail-file @trail-bucket | EnforceIdentityPerimeter | and no others
s3! | for-others | s3:{GetObject,ListBucket} | @trail-file @trail-bucket | EnforceConfusedDeputyProtection | nor a service for them
admin | internet | s3:{GetObject,ListBucket} | @trail-file @trail-bucket +aws:SecureTransport=false | EnforceSecureTransport | without TLS nothing
deployment | internet | s3:{PutBucketPolicy,PutLifecycleConfiguration,PutBucketPublicAccessBlock} | @trail-bucket | allow | CloudFormation
break-glass | internet | s3:{PutBucketPolicy,PutLifecycleConfiguration} | @trail-bucket | identity > allow | named, not given
admin root tagged operator deployer instance api stranger | internet | @control-bucket | @trail-bucket | DenyControlByOthers | nobody else lets evidence expire, or anybody in #evidence-kept
s3! cloudtrail! | for-us silent | @control-bucket | @trail-bucket | DenyControlByOthers | no service

# ------------------------------------------------------------------------------------------------ topic of alarms
@topic = sns/vault-alarms
@control-topic = sns:{AddPermission,DeleteTopic,RemovePermission,SetTopicAttributes,Subscribe}
@read-topic = sns:{GetTopicAttributes,ListSubscriptionsByTopic}
cloudwatch! | for-us | sns:Publish | @topic +alarm | allow | alarms
events! | for-us silent | sns:Publish | @topic | allow | rules; EventBridge is documented to say nothing here
events! | for-us silent | sns:Publish | @topic +rule | allow | and may say more
cloudwatch! | for-us | sns:Publish | @topic | resource > allow | alarms only
cloudwatch! | silent | sns:Publish | @topic +alarm | resource > allow | of this account
cloudwatch! events! | for-others | sns:Publish | @topic | EnforceConfusedDeputyProtection | and for no other
events! | for-us silent | sns:Publish | @topic +aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/payroll | DenyOtherRules | no other program's rules
events! cloudwatch! | for-us | sns:Publish | @topic +aws:SourceArn=arn:aws:events:eu-central-1:444455556666:rule/vault-x | DenyOtherRules | nor another account's
s3! lambda! | for-us | sns:Publish | @topic | resource > allow | no other service
pipeline | internet | sns:Publish | @topic | allow | asks for approval
break-glass deployment | internet | sns:Publish | @topic | identity > allow | named, not given
admin root tagged operator api instance deployer stranger | internet | sns:Publish | @topic | DenyPublishingByOthers | nobody forges an alarm #alarms-kept
deployment | internet | sns:{DeleteTopic,SetTopicAttributes,Subscribe} @read-topic | @topic | allow | CloudFormation says who hears
break-glass deployment | internet | sns:{AddPermission,RemovePermission} | @topic | identity > allow | named, not given
break-glass | internet | sns:{DeleteTopic,SetTopicAttributes,Subscribe} | @topic | identity > allow | named, not given
admin root tagged operator api instance deployer stranger events! | internet silent | @control-topic | @topic | DenyControlByOthers | nobody listens in, nor silences #alarms-kept
admin deployer | internet  | @read-topic | @topic | allow | reading tells no secret
stranger anonymous | internet | @read-topic | @topic | EnforceIdentityPerimeter | of the account
events! | for-others | @read-topic | @topic | EnforceConfusedDeputyProtection | nor a service for another
events! | for-us | @read-topic | @topic | resource > allow | nor a service without business
deployment | internet | @control-topic @read-topic sns:Publish | @topic +aws:SecureTransport=false | EnforceSecureTransport | without TLS nothing

# ------------------------------------------------------------------------------------------------ the API
@call = execute-api/abcdefghij/v/POST/v1/vaults
smoke | ours | execute-api:Invoke | @call | allow | a listed caller: here the smoke test
smoke-role | ours | execute-api:Invoke | @call | identity > allow | the role without its function #role-without-function
admin root tagged operator instance api deployment stranger | second-endpoint | execute-api:Invoke | @call | DenyOtherCallers | nobody else, whatever he is allowed #callers
anonymous | internet | execute-api:Invoke | @call | DenyOtherCallers | nobody without a name #callers
apigateway! events! | for-us | execute-api:Invoke | @call | DenyOtherCallers | no service
smoke | internet other-vpc second-endpoint | execute-api:Invoke | @call | DenyOtherEndpoints | through our endpoint
smoke | ours | execute-api:Invoke | execute-api/abcdefghij/other/POST/v1/vaults | identity > allow | one stage
smoke | ours | execute-api:Invoke | execute-api/zzzzzzzzzz/v/GET/x | identity > allow | its own API; boundary and endpoint know any of the account
smoke | ours | execute-api:ManageConnections | @call | endpoint | and only calls

# ------------------------------------------------------------------------------------------------ functions
@api-live = lambda/function:vault-api:live
@functions = lambda/function:vault-api lambda/function:vault-smoke lambda/function:vault-canary-inside lambda/function:vault-canary-outside lambda/function:vault-canary-control
+by-api = +aws:SourceArn=arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/v/POST/v1/vaults
${ROUTES.map(
  ([route, why]) => `
apigateway! | for-us | lambda:InvokeFunction | @api-live +aws:SourceArn=arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/v/${route} | allow | ${why}
apigateway! | for-others | lambda:InvokeFunction | @api-live +aws:SourceArn=arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/v/${route} | resource > allow | for this account
apigateway! | for-us | lambda:InvokeFunction | @api-live +aws:SourceArn=arn:aws:execute-api:eu-central-1:111122223333:zzzzzzzzzz/v/${route} | resource > allow | of this API
`,
).join('')}
apigateway! | for-us | lambda:InvokeFunction | @api-live +aws:SourceArn=arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/v/POST/v1/other | resource > allow | by its routes
apigateway! | for-us | lambda:InvokeFunction | lambda/function:vault-api +by-api | resource > allow | the deployed version
events! | for-us silent | lambda:InvokeFunction | lambda/function:vault-canary-inside +aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/vault-canary-inside | allow | its schedule
events! | for-us silent | lambda:InvokeFunction | lambda/function:vault-canary-outside +aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/vault-canary-outside | allow | its schedule
events! | for-us | lambda:InvokeFunction | lambda/function:vault-canary-inside lambda/function:vault-canary-outside +aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/payroll | resource > allow | and no other
events! | for-others | lambda:InvokeFunction | lambda/function:vault-canary-inside +aws:SourceArn=arn:aws:events:eu-central-1:444455556666:rule/vault-canary-inside | resource > allow | of no other account
s3! sns! events! apigateway! | silent for-others | lambda:InvokeFunction | @functions | resource > allow | no other service
stranger | internet | lambda:{InvokeFunction,UpdateFunctionCode} | @functions | resource > allow | no other account
api instance canary-outside canary-inside authorizer build | internet | lambda:{InvokeFunction,UpdateFunctionCode} | @functions | identity > allow | nor what runs here #functions-by-others
deployment | internet | lambda:InvokeFunction | @functions | identity > allow | CloudFormation calls none
api smoke canary-inside canary-outside instance pipeline | internet | lambda:{UpdateFunctionCode,AddPermission} | lambda/function:vault-authorizer | identity > boundary | a taken role exchanges no code #functions-by-others
deployment | internet | lambda:{CreateFunctionUrlConfig,UpdateFunctionUrlConfig} | lambda/function:vault-api | boundary:DenyFunctionUrls | no function has an address of its own
admin | internet | lambda:{UpdateFunctionCode,UpdateFunctionConfiguration,AddPermission} | @functions | allow | an administrator does: code signing, alarms and the keys' policies are against that

# ------------------------------------------------------------------------------------------------ logs, traces, figures, signals
@write-log = logs:{CreateLogStream,PutLogEvents}
api | ours | @write-log | logs/log-group:/vault/audit-heads:log-stream:x | allow | heads of audit chains
api | internet | @write-log | logs/log-group:/vault/api:log-stream:x | allow | its own log
smoke | internet | @write-log | logs/log-group:/vault/smoke:log-stream:x | allow | its own log
canary-inside | internet | @write-log | logs/log-group:/aws/lambda/vault-canary-inside:log-stream:x | allow | its own log
canary-outside | internet | @write-log | logs/log-group:/aws/lambda/vault-canary-outside:log-stream:x | allow | its own log
api-role | ours | @write-log | logs/log-group:/vault/audit-heads:log-stream:x | identity > allow | the role without its function writes no heads
api-role smoke-role | internet | @write-log | logs/log-group:/vault/api:log-stream:x logs/log-group:/vault/smoke:log-stream:x | identity > allow | nor its log
instance | ours | @write-log | logs/log-group:/vault/parent logs/log-group:/vault/parent:log-stream:i-1 | allow | the parent's log
instance | ours | @write-log | logs/log-group:/vault/audit-heads:log-stream:x | endpoint | and no heads
api | ours | @write-log | logs/log-group:/vault/parent:log-stream:x | endpoint | nor the API the parent's
api instance smoke | internet | @write-log | logs/log-group:/payroll:log-stream:x | identity > boundary | nor others'
instance | internet | @write-log | logs/log-group:/aws/lambda/vault-api:log-stream:x | identity > boundary | nor functions'
canary-inside smoke api | internet | logs:{DeleteLogGroup,DeleteLogStream,PutRetentionPolicy,CreateLogGroup} | logs/log-group:/vault/audit-heads | identity > boundary | nobody who writes shortens #heads-kept
admin | ours | @write-log | logs/log-group:/vault/audit-heads:log-stream:x | endpoint | no others through our endpoint
flow-logs | internet | logs:{CreateLogStream,DescribeLogStreams,PutLogEvents} | logs/log-group:/vault/flow logs/log-group:/vault/flow:log-stream:x | allow | flows
flow-logs | internet | logs:DescribeLogGroups | logs/log-group:x | allow | which it looks for among all
flow-logs | internet | @write-log | logs/log-group:/vault/dns:log-stream:x | identity > allow | its own; the boundary knows the vault's
flow-logs trail | internet | @write-log | logs/log-group:/payroll:log-stream:x | identity > boundary | and no others
trail | internet | @write-log | logs/log-group:/vault/trail:log-stream:111122223333_CloudTrail_eu-central-1 | allow | CloudTrail's records
trail | internet | @write-log | logs/log-group:/vault/trail:log-stream:x | identity > allow | in its own streams
trail | internet | logs:{DescribeLogGroups,DescribeLogStreams} | logs/log-group:x | identity > allow | as the boundary has it
delivery.logs! | for-us | @write-log | logs/log-group:/vault/dns:log-stream:x +aws:SourceArn=arn:aws:logs:eu-central-1:111122223333:x | allow | queries of names
delivery.logs! | for-us | @write-log | logs/log-group:/vault/dns:log-stream:x | resource > allow | from here
delivery.logs! | for-others silent | @write-log | logs/log-group:/vault/dns:log-stream:x +aws:SourceArn=arn:aws:logs:eu-central-1:111122223333:x | resource > allow | for this account
delivery.logs! | for-us | @write-log | logs/log-group:/vault/audit-heads:log-stream:x +aws:SourceArn=arn:aws:logs:eu-central-1:111122223333:x | resource > allow | and no heads
api | internet | xray:{PutTelemetryRecords,PutTraceSegments} | * | allow | traces
api-role | internet | xray:{PutTelemetryRecords,PutTraceSegments} | * | allow | Lambda asks for the right before there is a function
smoke authorizer | internet | xray:{PutTelemetryRecords,PutTraceSegments} | * | identity > allow | as the boundary has it
authorizer | internet | @write-log | logs/log-group:/vault/x:y logs/log-group:/aws/lambda/vault-x:y | identity > allow | as the boundary has it, once there is one
authorizer | internet | ec2:CreateNetworkInterface kms:Decrypt dynamodb:GetItem | * | identity > boundary | in no VPC, and nothing else
instance | ours | cloudwatch:PutMetricData | * +cloudwatch:namespace=vault | allow | the vault's figures
instance | internet | cloudwatch:PutMetricData | * +cloudwatch:namespace=vault | allow | from wherever
instance | ours | cloudwatch:PutMetricData | * +cloudwatch:namespace=AWS/Lambda | endpoint | and nobody else's
instance | internet | cloudwatch:PutMetricData | * +cloudwatch:namespace=AWS/Lambda | identity > boundary | from wherever
api admin stranger | ours | cloudwatch:PutMetricData | * +cloudwatch:namespace=vault | endpoint | no others through our endpoint
instance | ours | cloudformation:SignalResource | cloudformation/stack/vault-decryption/1 | allow | a word to its stack
instance | ours | cloudformation:SignalResource | cloudformation/stack/vault-api/1 | endpoint | and to no other
instance | internet | cloudformation:SignalResource | cloudformation/stack/vault-api/1 | identity > allow | its own; the boundary knows the vault's
instance | internet | cloudformation:SignalResource | cloudformation/stack/payroll/1 | identity > boundary | and no others
admin api | ours | cloudformation:SignalResource | cloudformation/stack/vault-decryption/1 | endpoint | by nobody else through our endpoint

# ------------------------------------------------------------------------------------------------ network interfaces of functions
@interface = ec2:{AssignPrivateIpAddresses,CreateNetworkInterface,DeleteNetworkInterface,UnassignPrivateIpAddresses}
@look-interface = ec2:{DescribeNetworkInterfaces,DescribeSubnets}
api-role smoke-role canary-inside-role | lambda-service | @interface | ec2/network-interface/eni-1 ec2/subnet/subnet-1 | allow | Lambda puts the function into the VPC
api-role smoke-role canary-inside-role | lambda-service | @look-interface | * | allow | and looks where
api smoke canary-inside | internet | @interface | ec2/network-interface/eni-1 | identity:DenyNetworkInterfaceToCode | its code does not
api smoke canary-inside | internet | @look-interface | * | identity:DenyNetworkInterfaceToCode | nor looks
canary-outside-role | lambda-service | @interface @look-interface | ec2/network-interface/eni-1 | identity > allow | outside any VPC
instance pipeline build | internet | @interface | ec2/network-interface/eni-1 | identity > boundary | nor do others

# ------------------------------------------------------------------------------------------------ canaries
canary-outside | internet | kms:Decrypt | keys/VaultKey keys/RequestKey | DenyWithoutPCR0 | refused by the key policy, and by nothing before it
canary-outside | internet | kms:DescribeKey | keys/VaultKey keys/RequestKey | DenyOutsideNetwork | by the network alone
canary-inside | ours | kms:Decrypt | keys/VaultKey keys/RequestKey | DenyWithoutPCR0 | without a document
canary-inside | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey | DenyKeyPairsByOthers | by role
canary-inside | ours | kms:GenerateDataKey | keys/RequestKey | DenyDataKeysByOthers | by role
canary-inside | ours | kms:{GetKeyPolicy,ListGrants} | keys/VaultKey keys/RequestKey keys/IntegrityKey | allow | compares what is in force with what was deployed
canary-inside | ours | kms:{GetKeyPolicy,ListGrants} | keys/ChannelServerKey keys/ChannelClientKey | identity > allow | of these keys
canary-inside | internet other-vpc forwarded | kms:{GetKeyPolicy,ListGrants} | keys/VaultKey keys/RequestKey keys/IntegrityKey | DenyOutsideNetwork | from here alone
canary-inside | ours | dynamodb:GetResourcePolicy | dynamodb/table/vault-records | allow | and of the table
canary-inside | internet other-vpc | dynamodb:GetResourcePolicy | dynamodb/table/vault-records | EnforceNetworkPerimeter | from here alone
canary-inside | ours | dynamodb:GetResourcePolicy | dynamodb/table/vault-other | endpoint | of this table
canary-inside | ours | dynamodb:{DeleteResourcePolicy,PutResourcePolicy} | dynamodb/table/vault-records | DenyControlByOthers | it looks and changes nothing
canary-outside | internet | kms:{GetKeyPolicy,ListGrants} | keys/VaultKey keys/RequestKey keys/IntegrityKey | DenyOutsideNetwork | outside nothing can be compared
instance api | ours | kms:ListGrants | keys/VaultKey | endpoint | nobody else looks through this endpoint
api | ours | dynamodb:GetResourcePolicy | dynamodb/table/vault-records | endpoint | nor at the table's
canary-control | ours | execute-api:Invoke | execute-api/abcdefghij/v/POST/v1/vaults execute-api/abcdefghij/v/POST/v1/vaults/v_1/decrypt | allow | the positive control: a record of its own, made and decrypted
canary-control | ours | execute-api:Invoke | execute-api/abcdefghij/v/GET/v1/vaults/v_1 execute-api/abcdefghij/v/DELETE/v1/vaults/v_1 execute-api/abcdefghij/v/PATCH/v1/vaults/v_1 execute-api/abcdefghij/v/GET/v1/vaults/v_1/audit execute-api/abcdefghij/v/POST/v1/keys execute-api/abcdefghij/v/GET/v1/attestation | identity > allow | and nothing else
canary-control-role | ours | execute-api:Invoke | execute-api/abcdefghij/v/POST/v1/vaults | identity > allow | as its function alone
canary-control | internet other-vpc second-endpoint | execute-api:Invoke | execute-api/abcdefghij/v/POST/v1/vaults | DenyOtherEndpoints | through our endpoint
canary-control | ours | kms:Decrypt | keys/VaultKey +record +document | DenyDecryptByOthers | it has no way to a key
events! | for-us silent | lambda:InvokeFunction | lambda/function:vault-canary-control +aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/vault-canary-control | allow | its schedule
canary-control | internet | @write-log | logs/log-group:/aws/lambda/vault-canary-control:log-stream:x | allow | its own log
canary-control-role | lambda-service | @interface | ec2/network-interface/eni-1 ec2/subnet/subnet-1 | allow | Lambda puts it where callers are
canary-control-role | lambda-service | @look-interface | * | allow | and looks where
canary-control | internet | @interface | ec2/network-interface/eni-1 | identity:DenyNetworkInterfaceToCode | its code does not
canary-control | internet | @look-interface | * | identity:DenyNetworkInterfaceToCode | nor looks

# ------------------------------------------------------------------------------------------------ who becomes whom
@function-roles = iam/role/vault/vault-api iam/role/vault/vault-smoke iam/role/vault/vault-authorizer iam/role/vault/vault-canary-inside iam/role/vault/vault-canary-outside iam/role/vault/vault-canary-control
@every-role = @function-roles iam/role/vault/vault-instance iam/role/vault/vault-flow-logs iam/role/vault/vault-trail iam/role/vault/vault-access-logs iam/role/vault/vault-pipeline iam/role/vault/vault-build iam/role/vault/vault-deploy
@two-controllers = iam/role/vault/vault-deployment iam/role/vault/vault-break-glass
lambda! | for-us silent | sts:AssumeRole | @function-roles | allow | functions
ec2! | for-us silent | sts:AssumeRole | iam/role/vault/vault-instance | allow | instances; EC2 never says for whom
cloudtrail! | for-us silent | sts:AssumeRole | iam/role/vault/vault-trail | allow | the trail's log group
apigateway! | for-us silent | sts:AssumeRole | iam/role/vault/vault-access-logs | allow | access logs
cloudformation! | for-us | sts:AssumeRole | iam/role/vault/vault-deployment | allow | stacks of this account
cloudformation! | silent | sts:AssumeRole | iam/role/vault/vault-deployment | resource > allow | and of no other
codepipeline! | for-us | sts:AssumeRole | iam/role/vault/vault-pipeline | allow | the pipeline
codepipeline! | for-us | sts:AssumeRole | iam/role/vault/vault-pipeline +aws:SourceArn=arn:aws:codepipeline:eu-central-1:111122223333:vault-release | allow | by name, where it is told
codepipeline! | for-us | sts:AssumeRole | iam/role/vault/vault-pipeline +aws:SourceArn=arn:aws:codepipeline:eu-central-1:111122223333:payroll | resource > allow | and no other
codepipeline! | silent | sts:AssumeRole | iam/role/vault/vault-pipeline | resource > allow | of this account
codebuild! | for-us | sts:AssumeRole | iam/role/vault/vault-build iam/role/vault/vault-deploy +aws:SourceArn=arn:aws:codebuild:eu-central-1:111122223333:project/vault-build | allow | its build, and its deployment: projects are told apart by who may make them
codebuild! | for-us | sts:AssumeRole | iam/role/vault/vault-build iam/role/vault/vault-deploy +aws:SourceArn=arn:aws:codebuild:eu-central-1:111122223333:project/payroll | resource > allow | and no other
codebuild! | silent for-others | sts:AssumeRole | iam/role/vault/vault-build iam/role/vault/vault-deploy +aws:SourceArn=arn:aws:codebuild:eu-central-1:111122223333:project/vault-build | resource > allow | of this account
vpc-flow-logs! | for-us | sts:AssumeRole | iam/role/vault/vault-flow-logs +aws:SourceArn=arn:aws:ec2:eu-central-1:111122223333:vpc-flow-log/fl-1 | allow | flow logs
vpc-flow-logs! | for-us | sts:AssumeRole | iam/role/vault/vault-flow-logs | resource > allow | of something
vpc-flow-logs! | silent for-others | sts:AssumeRole | iam/role/vault/vault-flow-logs +aws:SourceArn=arn:aws:ec2:eu-central-1:111122223333:vpc-flow-log/fl-1 | resource > allow | of this account
lambda! ec2! cloudtrail! apigateway! codebuild! codepipeline! vpc-flow-logs! cloudformation! | for-others | sts:AssumeRole | @every-role @two-controllers | resource > allow | for no other account
s3! events! dynamodb! | for-us | sts:AssumeRole | @every-role @two-controllers | resource > allow | no other service
admin root operator deployer stranger anonymous slr-scaling | internet | sts:AssumeRole | @every-role iam/role/vault/vault-deployment | resource > allow | nobody becomes what a service is
on-call | internet | sts:AssumeRole | iam/role/vault/vault-break-glass | allow | people that the configuration names
on-call | internet | sts:AssumeRole | iam/role/vault/vault-break-glass +aws:MultiFactorAuthPresent=true | allow | with a second factor
on-call | internet | sts:AssumeRole | iam/role/vault/vault-break-glass +aws:MultiFactorAuthPresent=false | resource > allow | and not with a session that had none
admin root deployer stranger | internet | sts:AssumeRole | iam/role/vault/vault-break-glass | resource > allow | nobody else
lambda! ec2! cloudformation! | for-us | sts:AssumeRole | iam/role/vault/vault-break-glass | resource > allow | no service

# ------------------------------------------------------------------------------------------------ what roles are given, and by whom
+bounded = +iam:PermissionsBoundary=arn:aws:iam::111122223333:policy/vault/vault-boundary-api
+loosely-bounded = +iam:PermissionsBoundary=arn:aws:iam::111122223333:policy/AdministratorAccess
deployment | internet | iam:{DeleteRolePolicy,PutRolePolicy} | @every-role +bounded | allow | rights below a boundary
deployment | internet | iam:{DeleteRolePolicy,PutRolePolicy} | @every-role | identity > boundary | never without
deployment | internet | iam:{DeleteRolePolicy,PutRolePolicy} | @every-role +loosely-bounded | identity > boundary | nor below another
deployment | internet | iam:{DeleteRolePolicy,PutRolePolicy} | @two-controllers +bounded | boundary:DenyControllers | and not to itself
deployment | internet | iam:PassRole | @two-controllers +iam:PassedToService=lambda.amazonaws.com | boundary:DenyControllers | nor itself to anything
deployment | internet | iam:PutRolePolicy | iam/role/payroll +bounded | identity > boundary | nor to others
deployment | internet | iam:{GetRole,GetRolePolicy} | @every-role | allow | to see
deployment | internet | iam:PassRole | @function-roles +iam:PassedToService=lambda.amazonaws.com | allow | each role to its service
deployment | internet | iam:PassRole | iam/role/vault/vault-instance +iam:PassedToService=ec2.amazonaws.com | allow | each role to its service
deployment | internet | iam:PassRole | iam/role/vault/vault-trail +iam:PassedToService=cloudtrail.amazonaws.com | allow | each role to its service
deployment | internet | iam:PassRole | iam/role/vault/vault-flow-logs +iam:PassedToService=vpc-flow-logs.amazonaws.com | allow | each role to its service
deployment | internet | iam:PassRole | iam/role/vault/vault-pipeline +iam:PassedToService=codepipeline.amazonaws.com | allow | each role to its service
deployment | internet | iam:PassRole | iam/role/vault/vault-build iam/role/vault/vault-deploy +iam:PassedToService=codebuild.amazonaws.com | allow | each role to its service
deployment | internet | iam:PassRole | @function-roles iam/role/vault/vault-trail iam/role/vault/vault-flow-logs iam/role/vault/vault-pipeline iam/role/vault/vault-build +iam:PassedToService=ec2.amazonaws.com | identity > allow | and to no other
deployment | internet | iam:PassRole | iam/role/vault/vault-instance +iam:PassedToService=lambda.amazonaws.com | identity > allow | no function with an instance's rights
deployment | internet | iam:PassRole | iam/role/payroll +iam:PassedToService=lambda.amazonaws.com | identity > boundary | nor others'
deployment | internet | iam:{CreateRole,DeleteRole,UpdateAssumeRolePolicy,AttachRolePolicy,DetachRolePolicy,PutRolePermissionsBoundary,DeleteRolePermissionsBoundary,TagRole} | @every-role @two-controllers +bounded | identity > boundary | it makes, unbinds and reopens no role
deployment | internet | iam:{CreatePolicy,CreatePolicyVersion,SetDefaultPolicyVersion,DeletePolicy} | iam/policy/vault/vault-boundary-api | identity > boundary | nor a boundary
${LINKED.map((service) => `deployment | internet | iam:CreateServiceLinkedRole | iam/role/aws-service-role/${service}/x +iam:AWSServiceName=${service} | allow | a service's own`).join('\n')}
deployment | internet | iam:CreateServiceLinkedRole | iam/role/aws-service-role/x +iam:AWSServiceName=x.amazonaws.com | identity > allow | of a service that a vault has
api instance smoke canary-inside canary-outside pipeline build flow-logs trail break-glass authorizer | internet | iam:{PutRolePolicy,AttachRolePolicy,UpdateAssumeRolePolicy,DeleteRolePermissionsBoundary,CreateRole} | @every-role @two-controllers +bounded | identity > boundary | nobody else changes a role, his own neither
api instance smoke canary-inside canary-outside build flow-logs trail break-glass authorizer | internet | iam:PassRole | iam/role/vault/vault-deployment +iam:PassedToService=cloudformation.amazonaws.com | identity > boundary | nor hands one on
operator | internet | iam:{PutRolePolicy,AttachRolePolicy,UpdateAssumeRolePolicy,DeleteRolePermissionsBoundary,PassRole} | @every-role @two-controllers | boundary | nor an operator
admin | internet | iam:{PutRolePolicy,UpdateAssumeRolePolicy,DeleteRolePermissionsBoundary} | @every-role @two-controllers | allow | an administrator does: service control policies and alarms are against that (organization/)

# ------------------------------------------------------------------------------------------------ what CloudFormation does as the deployment role
+tagging = +aws:RequestTag/enclave-vault=vault
+tagged = +aws:ResourceTag/enclave-vault=vault
@ec2-things = ec2/launch-template/lt-1 ec2/route-table/rtb-1 ec2/security-group/sg-1 ec2/security-group-rule/sgr-1 ec2/subnet/subnet-1 ec2/vpc/vpc-1 ec2/vpc-endpoint/vpce-1 ec2/vpc-flow-log/fl-1

@ec2-create = ec2:{CreateFlowLogs,CreateLaunchTemplate,CreateRouteTable,CreateSecurityGroup,CreateSubnet,CreateVpc}
@ec2-change = ec2:{AssociateRouteTable,AuthorizeSecurityGroupEgress,AuthorizeSecurityGroupIngress,CreateLaunchTemplateVersion,DeleteFlowLogs,DeleteLaunchTemplate,DeleteRouteTable,DeleteSecurityGroup,DeleteSubnet,DeleteTags,DeleteVpc,DeleteVpcEndpoints,DisassociateRouteTable,ModifySubnetAttribute,ModifyVpcAttribute,ModifyVpcEndpoint,RevokeSecurityGroupEgress,RevokeSecurityGroupIngress,UpdateSecurityGroupRuleDescriptionsIngress}
@ec2-read = ec2:{DescribeAccountAttributes,DescribeAvailabilityZones,DescribeFlowLogs,DescribeImages,DescribeInstanceTypes,DescribeInstances,DescribeInternetGateways,DescribeLaunchTemplateVersions,DescribeLaunchTemplates,DescribeNetworkAcls,DescribeNetworkInterfaces,DescribeRouteTables,DescribeSecurityGroupRules,DescribeSecurityGroups,DescribeSubnets,DescribeTags,DescribeVpcAttribute,DescribeVpcEndpoints,DescribeVpcs,GetInstanceTypesFromInstanceRequirements,GetSecurityGroupsForVpc}
deployment | internet | @ec2-create | @ec2-things +tagging | allow | makes a network, tagged as the vault's
deployment | internet | @ec2-create ec2:CreateVpcEndpoint | ec2/vpc/vpc-1 ec2/subnet/subnet-1 +tagged | allow | within what is
deployment | internet | ec2:CreateVpcEndpoint | ec2/vpc-endpoint/vpce-1 +tagging +ec2:VpceServiceOwner=amazon | allow | endpoints of AWS's services
deployment | internet | ec2:CreateVpcEndpoint | ec2/vpc-endpoint/vpce-1 +tagging +ec2:VpceServiceOwner=444455556666 | identity > allow | and no way into somebody else's network
deployment | internet | ec2:CreateVpcEndpoint | ec2/vpc-endpoint/vpce-1 +tagging | identity > allow | whoever it is
deployment | internet | ec2:CreateVpcEndpoint | ec2/vpc-endpoint/vpce-1 +ec2:VpceServiceOwner=amazon | identity > allow | tagged as the vault's
deployment | internet | @ec2-change | ec2/vpc/vpc-1 ec2/subnet/subnet-1 +tagged | allow | changes what is the vault's
deployment | internet | @ec2-create @ec2-change | @ec2-things | identity > allow | and nobody else's: here only tags tell, which is why others may not set them (organization/)
deployment | internet | @ec2-read | * | allow | sees
deployment | internet | ec2:{CreateInternetGateway,CreateNatGateway,CreateVpcPeeringConnection,CreateTransitGatewayVpcAttachment,CreateVpnGateway,CreateRoute,AllocateAddress,CreateNetworkInterface} | * | identity > boundary | makes no way out
deployment | internet | ec2:CreateTags | @ec2-things +tagging +ec2:CreateAction=CreateVpc | allow | tags what it makes
deployment | internet | ec2:CreateTags | ec2/vpc/vpc-1 +tagging +ec2:CreateAction=CreateFlowLogs | allow | tags what it makes
${['LaunchTemplate', 'RouteTable', 'SecurityGroup', 'Subnet', 'VpcEndpoint'].map((made) => `deployment | internet | ec2:CreateTags | ec2/vpc/vpc-1 +tagging +ec2:CreateAction=Create${made} | allow | tags what it makes`).join('\n')}
deployment | internet | ec2:CreateTags | @ec2-things +tagged | allow | and what is the vault's
deployment | internet | ec2:CreateTags | @ec2-things +tagging | identity > allow | takes nothing over by a tag
deployment | internet | ec2:CreateTags | @ec2-things +ec2:CreateAction=CreateVpc | identity > allow | makes nothing untagged
deployment | internet | ec2:CreateTags | ec2/instance/i-1 ec2/network-interface/eni-1 ec2/volume/vol-1 +ec2:CreateAction=RunInstances | allow | tags of instances
deployment | internet | ec2:CreateTags | ec2/instance/i-1 ec2/network-interface/eni-1 ec2/volume/vol-1 +ec2:CreateAction=CreateVolume | identity > allow | and of nothing else
+from-template = +ec2:LaunchTemplate=arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-1
deployment | internet | ec2:RunInstances | ec2/launch-template/lt-1 +tagged | allow | from the vault's template
deployment | internet | ec2:RunInstances | ec2/launch-template/lt-1 | identity > allow | and no other
deployment | internet | ec2:RunInstances | arn:aws:ec2:eu-central-1::image/ami-1 ec2/instance/i-1 ec2/network-interface/eni-1 ec2/security-group/sg-1 ec2/subnet/subnet-1 ec2/volume/vol-1 +from-template | allow | what a template makes
deployment | internet | ec2:RunInstances | ec2/instance/i-1 | boundary:DenyLooseInstances | nothing without a template
deployment | internet | ec2:RunInstances | ec2/subnet/subnet-1 ec2/volume/vol-1 | identity > allow | nor in a subnet
deployment | internet | route53:AssociateVPCWithHostedZone | * | allow | private names of endpoints
@resolver-things = route53resolver/firewall-domain-list/x route53resolver/firewall-rule-group/x route53resolver/firewall-rule-group-association/x route53resolver/resolver-query-log-config/x
@resolver-create = route53resolver:{AssociateFirewallRuleGroup,CreateFirewallDomainList,CreateFirewallRuleGroup,CreateResolverQueryLogConfig}
@resolver-change = route53resolver:{AssociateFirewallRuleGroup,CreateFirewallRule,DeleteFirewallDomainList,DeleteFirewallRule,DeleteFirewallRuleGroup,DeleteResolverQueryLogConfig,DisassociateFirewallRuleGroup,TagResource,UntagResource,UpdateFirewallDomains,UpdateFirewallRule,UpdateFirewallRuleGroupAssociation}
deployment | internet | @resolver-create | @resolver-things +tagging | allow | a DNS firewall of the vault's
deployment | internet | @resolver-change | @resolver-things +tagged | allow | changes its own
deployment | internet | route53resolver:TagResource | @resolver-things +tagging | allow | tags it
deployment | internet | @resolver-create route53resolver:{TagResource,DeleteFirewallRule} | @resolver-things | identity > allow | and nobody else's
deployment | internet | route53resolver:{AssociateResolverQueryLogConfig,DisassociateResolverQueryLogConfig,GetFirewallConfig,GetFirewallDomainList,GetFirewallRuleGroup,GetFirewallRuleGroupAssociation,GetResolverQueryLogConfig,GetResolverQueryLogConfigAssociation,ListFirewallConfigs,ListFirewallDomains,ListFirewallRules,ListResolverQueryLogConfigAssociations,ListResolverQueryLogConfigs,ListTagsForResource,UpdateFirewallConfig} | * | allow | what is on no resource
deployment | internet | autoscaling:{AttachLoadBalancerTargetGroups,AttachTrafficSources,CreateAutoScalingGroup,CreateOrUpdateTags,DeleteAutoScalingGroup,DeleteLifecycleHook,DeletePolicy,DeleteTags,DetachLoadBalancerTargetGroups,DetachTrafficSources,DisableMetricsCollection,EnableMetricsCollection,PutLifecycleHook,PutScalingPolicy,ResumeProcesses,SuspendProcesses,TerminateInstanceInAutoScalingGroup,UpdateAutoScalingGroup} | autoscaling/autoScalingGroup:x:autoScalingGroupName/vault-x | allow | the group of instances
deployment | internet | autoscaling:{DescribeAutoScalingGroups,DescribeLifecycleHooks,DescribeLoadBalancerTargetGroups,DescribeNotificationConfigurations,DescribePolicies,DescribeScalingActivities,DescribeTags,DescribeTrafficSources} | * | allow | sees
deployment | internet | ssm:GetParameters | arn:aws:ssm:eu-central-1::parameter/aws/service/x | allow | the newest image of Amazon Linux
@balancer-things = elasticloadbalancing/loadbalancer/net/vault-x/x elasticloadbalancing/listener/net/vault-x/x/x elasticloadbalancing/targetgroup/vault-x/x
deployment | internet | elasticloadbalancing:{AddTags,CreateListener,CreateLoadBalancer,CreateTargetGroup,DeleteListener,DeleteLoadBalancer,DeleteTargetGroup,ModifyListener,ModifyListenerAttributes,ModifyLoadBalancerAttributes,ModifyTargetGroup,ModifyTargetGroupAttributes,RemoveTags,SetIpAddressType,SetSecurityGroups,SetSubnets} | @balancer-things | allow | the balancer
deployment | internet | elasticloadbalancing:{DescribeCapacityReservation,DescribeListenerAttributes,DescribeListeners,DescribeLoadBalancerAttributes,DescribeLoadBalancers,DescribeTags,DescribeTargetGroupAttributes,DescribeTargetGroups,DescribeTargetHealth} | * | allow | sees
+signed = +lambda:CodeSigningConfigArn=arn:aws:lambda:eu-central-1:111122223333:code-signing-config:csc-1
deployment | internet | lambda:CreateFunction | lambda/function:vault-x +signed | allow | functions whose code is signed
deployment | internet | lambda:CreateFunction | lambda/function:vault-x | boundary:DenyUnsigned | and no others
deployment | internet | lambda:CreateFunction | lambda/function:vault-x +lambda:CodeSigningConfigArn=arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-1 | identity > allow | by a configuration of this Region
deployment | internet | lambda:{DeleteFunctionCodeSigningConfig,PutFunctionCodeSigningConfig} | lambda/function:vault-x | boundary:DenyUnsigning | nor is one unsigned
deployment | internet | lambda:UpdateCodeSigningConfig | lambda/code-signing-config:x | boundary:DenyUnsigning | nor is signing loosened
deployment | internet | signer:AddProfilePermission | signer//signing-profiles/x | boundary:DenyUnsigning | nor another account let sign
deployment | internet | lambda:{CreateFunctionUrlConfig,UpdateFunctionUrlConfig,DeleteFunctionUrlConfig} | lambda/function:vault-x | boundary:DenyFunctionUrls | no function has an address of its own
deployment | internet | lambda:AddPermission | lambda/function:vault-x +lambda:Principal=apigateway.amazonaws.com | allow | lets API Gateway call
deployment | internet | lambda:AddPermission | lambda/function:vault-x +lambda:Principal=events.amazonaws.com | allow | and EventBridge
deployment | internet | lambda:AddPermission | lambda/function:vault-x +lambda:Principal=* | identity > allow | and nobody else
deployment | internet | lambda:{CreateAlias,DeleteAlias,DeleteFunction,DeleteFunctionConcurrency,DeleteFunctionEventInvokeConfig,GetAlias,GetFunction,GetFunctionCodeSigningConfig,GetFunctionConfiguration,GetFunctionEventInvokeConfig,GetFunctionRecursionConfig,GetPolicy,GetProvisionedConcurrencyConfig,GetRuntimeManagementConfig,ListTags,ListVersionsByFunction,PublishVersion,PutFunctionConcurrency,PutFunctionEventInvokeConfig,PutProvisionedConcurrencyConfig,RemovePermission,TagResource,UntagResource,UpdateAlias,UpdateFunctionCode,UpdateFunctionConfiguration,UpdateFunctionEventInvokeConfig} | lambda/function:vault-x | allow | the vault's functions
deployment | internet | lambda:{UpdateFunctionCode,DeleteFunction} | lambda/function:payroll | identity > boundary | and no others
deployment | internet | lambda:{DeleteCodeSigningConfig,GetCodeSigningConfig,ListTags,TagResource,UntagResource} | lambda/code-signing-config:x | allow | what signing is checked by
deployment | internet | lambda:CreateCodeSigningConfig signer:PutSigningProfile | * | allow | and by whom
deployment | internet | signer:{CancelSigningProfile,GetSigningProfile,ListTagsForResource,TagResource,UntagResource} | signer//signing-profiles/x | allow | and by whom
deployment | internet | signer:{StartSigningJob,SignPayload} | signer//signing-profiles/x | identity > boundary | it signs nothing
deployment | internet | apigateway:{DELETE,GET,PATCH,POST,PUT,UpdateRestApiPolicy} | apigateway//restapis apigateway//restapis/x apigateway//usageplans apigateway//usageplans/x apigateway//tags/x | allow | the API
deployment | internet | apigateway:PATCH | apigateway//account | identity > allow | and not the account's log role
deployment | internet | apigateway:SetWebACL | apigateway//restapis/x/stages/x | allow | its firewall
deployment | internet | wafv2:{AssociateWebACL,CreateWebACL,DeleteLoggingConfiguration,DeleteWebACL,GetLoggingConfiguration,GetWebACL,ListTagsForResource,PutLoggingConfiguration,TagResource,UntagResource,UpdateWebACL} | wafv2/regional/webacl/vault-x/x wafv2/regional/managedruleset/x/x | allow | its firewall
deployment | internet | wafv2:{DisassociateWebACL,GetWebACLForResource} | wafv2/regional/webacl/vault-x/x | allow | its firewall
deployment | internet | wafv2:{AssociateWebACL,DisassociateWebACL,GetWebACLForResource} | apigateway//restapis/x/stages/x | allow | its firewall
deployment | internet | logs:{AssociateKmsKey,CreateLogGroup,DeleteLogGroup,DeleteMetricFilter,DeleteRetentionPolicy,DescribeIndexPolicies,DescribeMetricFilters,DisassociateKmsKey,GetDataProtectionPolicy,ListTagsForResource,PutMetricFilter,PutRetentionPolicy,TagResource,UntagResource} | logs/log-group:/vault/x logs/log-group:/aws/lambda/vault-x logs/log-group:/aws/codebuild/vault-x logs/log-group:aws-waf-logs-vault-x | allow | log groups
deployment | internet | logs:{DeleteLogGroup,PutRetentionPolicy} | logs/log-group:payroll | identity > boundary | the vault's
deployment | internet | logs:{PutLogEvents,GetLogEvents,FilterLogEvents,DeleteLogStream,PutSubscriptionFilter} | logs/log-group:/vault/audit-heads | identity > boundary | it reads, writes and forwards none
deployment | internet | logs:{CreateLogDelivery,DeleteLogDelivery,DeleteResourcePolicy,DescribeLogGroups,DescribeResourcePolicies,GetLogDelivery,ListLogDeliveries,PutResourcePolicy,UpdateLogDelivery} | * | allow | delivery of services' logs
deployment | internet | sns:{CreateTopic,DeleteTopic,GetDataProtectionPolicy,GetSubscriptionAttributes,GetTopicAttributes,ListSubscriptionsByTopic,ListTagsForResource,SetSubscriptionAttributes,SetTopicAttributes,Subscribe,TagResource,UntagResource} | sns/vault-x | allow | the topic
deployment | internet | sns:Unsubscribe | * | allow | the topic
deployment | internet | sns:Subscribe | sns/payroll | identity > allow | the vault's
deployment | internet | events:{DeleteRule,DescribeRule,ListTagsForResource,ListTargetsByRule,PutRule,PutTargets,RemoveTargets,TagResource,UntagResource} | events/rule/vault-x | allow | rules that watch
deployment | internet | cloudwatch:{DeleteAlarms,ListTagsForResource,PutCompositeAlarm,PutMetricAlarm,TagResource,UntagResource} | cloudwatch/alarm:vault-x | allow | alarms
deployment | internet | cloudwatch:DescribeAlarms | cloudwatch/alarm:x | allow | sees
deployment | internet | cloudwatch:{DeleteDashboards,GetDashboard,PutDashboard} | arn:aws:cloudwatch::111122223333:dashboard/vault | allow | the dashboard
deployment | internet | cloudtrail:{AddTags,CreateTrail,DeleteTrail,GetEventSelectors,GetInsightSelectors,GetTrail,GetTrailStatus,ListTags,PutEventSelectors,PutInsightSelectors,RemoveTags,StartLogging,UpdateTrail} | cloudtrail/trail/vault-x | allow | the trail
deployment | internet | cloudtrail:DescribeTrails | * | allow | sees
deployment | internet | cloudtrail:StopLogging | cloudtrail/trail/vault-x | identity > boundary | and never stops it
deployment | internet | codepipeline:{CreatePipeline,DeletePipeline,GetPipeline,GetPipelineState,ListTagsForResource,TagResource,UntagResource,UpdatePipeline} | codepipeline/vault-x | allow | a pipeline
deployment | internet | codebuild:{BatchGetProjects,CreateProject,DeleteProject,UpdateProject} | codebuild/project/vault-x | allow | its build
deployment | internet | codeconnections:PassConnection codestar-connections:PassConnection | codeconnections/connection/x codestar-connections/connection/x | allow | its source
deployment | internet | s3:TagResource lambda:UpdateFunctionCode dynamodb:UpdateTable | s3/vault-x-111122223333-eu-central-1 +aws:TagKeys=dp:exclude:network | boundary:DenyPerimeterTags | sets no tag that exempts elsewhere
deployment | internet | lambda:GetFunction dynamodb:CreateTable ec2:CreateVpc s3:GetBucketPolicy logs:CreateLogGroup | * +aws:RequestedRegion=us-east-1 | boundary:DenyOtherRegions | and works in the vault's Regions
deployment | internet | cloudwatch:DeleteAlarms | cloudwatch/alarm:vault-x +aws:RequestedRegion=us-east-1 | allow | but for what is in one Region of the partition
deployment | internet | events:PutRule | events/rule/vault-x +aws:RequestedRegion=us-east-1 | allow | the same
deployment | internet | iam:GetRole | iam/role/vault/vault-api +aws:RequestedRegion=us-east-1 | allow | the same
deployment | internet | kms:DescribeKey | keys/VaultKey +aws:RequestedRegion=us-east-1 | allow | where the key decides
deployment | internet | route53:AssociateVPCWithHostedZone | * +aws:RequestedRegion=us-east-1 | allow | the same
deployment | internet | sns:CreateTopic | sns/vault-x +aws:RequestedRegion=us-east-1 | allow | the same

# ------------------------------------------------------------------------------------------------ boundaries: what a role may be given later
api | internet | kms:{Decrypt,GenerateDataKey,GenerateDataKeyPairWithoutPlaintext,GenerateDataKeyWithoutPlaintext,GetPublicKey,Sign} dynamodb:Scan | * | identity > boundary | by name, on keys and tables
access-logs | internet | logs:{CreateLogGroup,CreateLogStream,DescribeLogGroups,DescribeLogStreams,FilterLogEvents,GetLogEvents,PutLogEvents} | logs/log-group:x | identity > allow | API Gateway's log role, where a vault sets it
access-logs | internet | iam:PutRolePolicy kms:Decrypt lambda:InvokeFunction | * | identity > boundary | and nothing else
smoke | internet | @write-log | logs/log-group:/aws/lambda/vault-smoke:x | identity > allow | its log, wherever it is
api | internet | @write-log | logs/log-group:/aws/lambda/vault-api:x | identity > allow | its log, wherever it is
canary-outside | internet | @write-log | logs/log-group:/vault/canary:x | identity > allow | its log, wherever it is
api | second-endpoint | dynamodb:{ConditionCheckItem,Scan} | dynamodb/table/vault-other | identity > allow | another table of the vault

# ------------------------------------------------------------------------------------------------ behind a resource's own policy: what the others let through if it were opened
canary-inside | ours | kms:Decrypt | opened:keys/VaultKey opened:keys/RequestKey | allow | a canary is refused by the key's policy and by nothing else: opened, it is noticed
canary-inside | ours | kms:GenerateDataKeyPairWithoutPlaintext | opened:keys/VaultKey | allow | the same
canary-inside | ours | kms:GenerateDataKey | opened:keys/RequestKey | allow | the same
canary-outside | internet | kms:{Decrypt,DescribeKey} | opened:keys/VaultKey opened:keys/RequestKey | allow | the same
canary-inside | ours | kms:{GenerateDataKey,DescribeKey} | opened:keys/VaultKey | identity > allow | it tries what it needs to try
canary-outside | internet | kms:{PutKeyPolicy,CreateGrant,Sign} | opened:keys/VaultKey | identity > boundary | and nothing that would change a key
instance | ours | kms:Decrypt | opened:keys/VaultKey opened:keys/RequestKey | allow | the parent's own probe is refused by the key's policy and by nothing else
canary-outside smoke build | ours | kms:Decrypt | opened:keys/VaultKey | endpoint | our endpoint lets three roles through
admin root operator deployment break-glass | ours | kms:{Decrypt,GenerateDataKey,Sign} | opened:keys/VaultKey | endpoint | and nobody else
api | ours | kms:{Decrypt,GenerateDataKey} | opened:keys/VaultKey | identity > allow | the API opens no record even then
instance enclave | ours | kms:GenerateDataKey | opened:keys/RequestKey | identity > boundary | a parent asks for decryption and signatures
deployment | internet | kms:ReplicateKey | opened:keys/VaultKey | allow | where Regions are configured
deployment | internet | kms:PutKeyPolicy | opened:keys/VaultKey +kms:BypassPolicyLockoutSafetyCheck=true | identity:DenyLockoutBypass | nor by its own policy
deployment break-glass | internet | @use-key | opened:keys/VaultKey opened:data/DataKey | identity > boundary | no key but through a service
deployment break-glass | via-dynamodb | kms:CreateGrant | opened:data/DataKey +grant | allow | DynamoDB's
deployment | via-dynamodb | kms:CreateGrant | opened:data/DataKey | identity > allow | for a service only; where nothing is told, the key's policy refuses
break-glass | via-dynamodb | kms:CreateGrant | opened:data/DataKey | identity > boundary | for a service only
deployment break-glass | via-dynamodb | kms:CreateGrant | opened:data/DataKey +kms:GrantIsForAWSResource=false | identity > boundary | for a service only
deployment break-glass | internet via-sns | kms:CreateGrant | opened:data/DataKey +grant | identity > boundary | through DynamoDB
break-glass | via-s3 | kms:{Decrypt,CreateGrant} | opened:data/DataKey +grant | identity > boundary | and no other service
deployment | via-s3 | kms:Decrypt | opened:artifacts/ArtifactsKey | allow | code
deployment | via-s3 | kms:Encrypt | opened:artifacts/ArtifactsKey | identity > allow | and places none
deployment | via-sns | kms:Decrypt | opened:artifacts/ArtifactsKey | identity > boundary | through S3
api | internet | kms:Decrypt | opened:data/DataKey | identity > allow | through DynamoDB
instance | internet | kms:Decrypt | opened:artifacts/ArtifactsKey +bucket | identity > allow | through S3
instance | second-endpoint | s3:GetObject | opened:s3/vault-artifacts-111122223333-eu-central-1/release/parent.tar.gz | identity > allow | pinned versions only
instance | second-endpoint | s3:{GetObject,GetObjectVersion} | opened:s3/vault-artifacts-111122223333-eu-central-1/release/parent.tar.gz +s3:VersionId=66666666666666666666666666666666 +aws:ResourceAccount=444455556666 | identity > boundary | no bucket of this name in another account
instance | second-endpoint | s3:GetObjectVersion | opened:s3/vault-artifacts-111122223333-eu-central-1/release/enclave-vault.eif +s3:VersionId=77777777777777777777777777777777 +aws:ResourceAccount=444455556666 | identity > boundary | the same
instance | second-endpoint | s3:GetObjectVersion | opened:s3/vault-artifacts-111122223333-eu-central-1/settings/parent.tar.gz +s3:VersionId=88888888888888888888888888888888 +aws:ResourceAccount=444455556666 | identity > boundary | the same
instance | ours | s3:GetObjectVersion | opened:s3/vault-artifacts-111122223333-eu-central-1/release/parent.tar.gz +s3:VersionId=66666666666666666666666666666666 +aws:ResourceAccount=444455556666 | endpoint | nor through our endpoint
admin api root | ours | s3:GetObjectVersion | opened:s3/vault-artifacts-111122223333-eu-central-1/release/parent.tar.gz | endpoint | whose policy names who fetches
admin instance root stranger | ours | dynamodb:{GetItem,PutItem,Query,Scan} | opened:dynamodb/table/vault-records | endpoint | whose policy names the API
admin api instance | ours | execute-api:Invoke | opened:execute-api/abcdefghij/v/POST/v1/vaults | endpoint | whose policy names callers
break-glass | internet | s3:{PutBucketPolicy,DeleteBucketPolicy} | @bucket | identity > allow | named, not given
enclave | ours | kms:Decrypt | keys/VaultKey +record -aws:SourceVpcArn | allow | where KMS tells no ARN, the id decides
enclave | ours | kms:Decrypt | keys/RequestKey +request -aws:SourceVpcArn | allow | the same
api | ours | @integrity-uses | keys/IntegrityKey +integrity -aws:SourceVpcArn | allow | the same
instance | ours | kms:Sign | keys/ChannelServerKey +certificate -aws:SourceVpcArn | allow | the same
api | ours | kms:Sign | keys/ChannelClientKey +certificate -aws:SourceVpcArn | allow | the same
api | ours | logs:CreateLogStream | logs/log-group:/vault/audit-heads | identity > allow | in its streams; the endpoint lets either form pass

# a version or an alias of a function is that function
+api-alias = +lambda:SourceFunctionArn=arn:aws:lambda:eu-central-1:111122223333:function:vault-api:live
+smoke-alias = +lambda:SourceFunctionArn=arn:aws:lambda:eu-central-1:111122223333:function:vault-smoke:1
api | ours | kms:GenerateDataKeyPairWithoutPlaintext | keys/VaultKey +record +p384 +api-alias | allow | by its alias
api | ours | kms:GenerateDataKey | keys/RequestKey +request +api-alias | allow | by its alias
api | ours | @integrity-uses | keys/IntegrityKey +integrity +api-alias | allow | by its alias
api | ours | kms:Sign | keys/ChannelClientKey +certificate +api-alias | allow | by its alias
api | ours | dynamodb:{GetItem,Query} | @table +api-alias | allow | by its alias
api | ours | dynamodb:PutItem | @table +transaction +api-alias | allow | by its alias
api | ours | dynamodb:Scan | @table +keys-only +api-alias | allow | by its alias
api | ours | @write-log | logs/log-group:/vault/audit-heads:log-stream:x +api-alias | allow | by its alias
api | internet | @write-log | logs/log-group:/vault/api:log-stream:x +api-alias | allow | by its alias
api | internet | xray:PutTraceSegments | * +api-alias | allow | by its alias
api | internet | @look-interface | * +api-alias | identity:DenyNetworkInterfaceToCode | nor by its alias
smoke | internet | @look-interface | * +smoke-alias | identity:DenyNetworkInterfaceToCode | nor by a version
smoke | ours | execute-api:Invoke | @call +smoke-alias | allow | by a version
smoke | internet | @write-log | logs/log-group:/vault/smoke:log-stream:x +smoke-alias | allow | by a version
+control-alias = +lambda:SourceFunctionArn=arn:aws:lambda:eu-central-1:111122223333:function:vault-canary-control:1
canary-control | internet | @look-interface | * +control-alias | identity:DenyNetworkInterfaceToCode | nor by a version
canary-control | ours | execute-api:Invoke | @call +control-alias | allow | by a version
canary-control | internet | @write-log | logs/log-group:/aws/lambda/vault-canary-control:log-stream:x +control-alias | allow | by a version
canary-control-role | internet | @write-log | logs/log-group:/aws/lambda/vault-canary-control:log-stream:x | identity > allow | nor without its function

# ------------------------------------------------------------------------------------------------ the pipeline: three roles, none of which goes the whole way
@pipe-bucket = s3/vault-pipeline-111122223333-eu-central-1
@pipe-source = s3/vault-pipeline-111122223333-eu-central-1/vault-pipeline/Source/x
@pipe-release = s3/vault-pipeline-111122223333-eu-central-1/vault-pipeline/Release/x
@pipe-other = s3/vault-pipeline-111122223333-eu-central-1/other/x
@fetch = s3:{GetObject,GetObjectVersion}
pipeline | internet | s3:{GetBucketLocation,GetBucketVersioning} | @pipe-bucket | allow | it moves files
pipeline | internet | @fetch | @pipe-source @pipe-release | allow | it moves files
pipeline | internet | s3:PutObject | @pipe-source | allow | and places the source
build | internet | s3:{GetBucketAcl,GetBucketLocation} | @pipe-bucket | allow | looks whose bucket it is
build | internet | @fetch | @pipe-source | allow | compiles it
build | internet | s3:PutObject | @pipe-release | allow | and places what came out
deploy | internet | s3:{GetBucketAcl,GetBucketLocation} | @pipe-bucket | allow | looks whose bucket it is
deploy | internet | @fetch | @pipe-source @pipe-release | allow | deploys what was approved
build | internet | s3:PutObject | @pipe-source | DenySourceByOthers | the build does not say what is built
pipeline | internet | s3:PutObject | @pipe-release | DenyReleaseByOthers | nor what is deployed: approved is what was built
deploy deployer admin root break-glass | internet | s3:PutObject | @pipe-source @pipe-release @pipe-other | DenyPlacingByOthers | by nobody else
pipeline build | internet | s3:PutObject | @pipe-other | identity > allow | in their places
build | internet | @fetch | @pipe-release | identity > allow | the build needs no release
admin root deployer deployment api | internet | @fetch | @pipe-source @pipe-release | DenyFetchingByOthers | sources are the pipeline's
break-glass | internet | @fetch | @pipe-release | identity > allow | named, not given
admin root pipeline build api | internet | @delete-objects | @pipe-release | DenyDeletionByOthers | nothing is exchanged under an approval
deploy | internet | @delete-objects | @pipe-release | DenyDeletionByPipeline | by the pipeline's deploy command neither
deployer | internet | @delete-objects | @pipe-release | allow | who takes it away at the end
break-glass | internet | @delete-objects | @pipe-release | identity > allow | named, not given
admin pipeline build deploy deployer | internet | s3:{PutObjectAcl,PutObjectVersionAcl,ReplicateDelete,ReplicateObject} | @pipe-release | DenyChanges | by nobody
admin root deployer pipeline build deploy | internet | @control-bucket | @pipe-bucket | DenyControlByOthers | nobody loosens the bucket
deployment | internet | s3:{PutBucketPolicy,DeleteBucketPolicy,PutLifecycleConfiguration} | @pipe-bucket | allow | CloudFormation
break-glass | internet | s3:{PutBucketPolicy,DeleteBucketPolicy} | @pipe-bucket | identity > allow | named, not given
pipeline | internet | s3:PutObject | @pipe-source +s3:x-amz-server-side-encryption=AES256 | DenyOtherEncryption | under the bucket's key
pipeline | internet | s3:PutObject | @pipe-source +s3:x-amz-server-side-encryption=aws:kms | DenyOtherKeys | and no default of AWS
pipeline | internet | s3:PutObject | @pipe-source +s3:x-amz-server-side-encryption=aws:kms +s3:x-amz-server-side-encryption-aws-kms-key-id=pipeline/FilesKey | allow | this key
pipeline | internet | s3:PutObject | @pipe-source +s3:x-amz-server-side-encryption-customer-algorithm=AES256 | DenyCustomerKeys | and none of the caller's own
stranger anonymous | internet | s3:ListBucket s3:GetObjectTagging | @pipe-bucket @pipe-source | EnforceIdentityPerimeter | another account
s3! | for-others | s3:ListBucket s3:GetObjectTagging | @pipe-bucket @pipe-source | EnforceConfusedDeputyProtection | a service for another account
codepipeline! codebuild! | for-us silent | s3:ListBucket s3:GetObjectTagging | @pipe-bucket @pipe-source | resource > allow | services work as roles here
admin | internet | s3:ListBucket s3:GetObjectTagging | @pipe-bucket @pipe-source | allow | what names tell is no secret
admin | internet | s3:ListBucket s3:GetObjectTagging | @pipe-bucket @pipe-source +aws:SecureTransport=false | EnforceSecureTransport | without TLS nothing

+pipe-file = +kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::vault-pipeline-111122223333-eu-central-1/x
+pipe-whole = +kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::vault-pipeline-111122223333-eu-central-1
pipeline build | via-s3 | kms:{Decrypt,GenerateDataKey} | pipeline/FilesKey +pipe-file | allow | who places
pipeline build | via-s3 | kms:{Decrypt,GenerateDataKey} | pipeline/FilesKey +pipe-whole | allow | with or without a bucket key
deploy | via-s3 | kms:Decrypt | pipeline/FilesKey +pipe-file | allow | who fetches
break-glass | via-s3 | kms:Decrypt | pipeline/FilesKey +pipe-file | identity > allow | named, not given
deploy break-glass | via-s3 | kms:GenerateDataKey | pipeline/FilesKey +pipe-file | resource > allow | who fetches does not place
pipeline build | via-s3 | kms:{Encrypt,GenerateDataKeyWithoutPlaintext,ReEncryptFrom,ReEncryptTo} | pipeline/FilesKey +pipe-file | resource > allow | by nothing else
pipeline build | via-s3 | @use-key | pipeline/FilesKey +object | DenyOtherContext | for this bucket
pipeline build deploy admin | internet | @use-key | pipeline/FilesKey +pipe-file | DenyDirectUse | through S3
pipeline | via-sns | @use-key | pipeline/FilesKey +pipe-file | DenyDirectUse | and no other service
admin root deployer operator api deployment | via-s3 | @use-key | pipeline/FilesKey +pipe-file | DenyUseByOthers | by nobody else
s3! | for-us silent | @use-key | pipeline/FilesKey +pipe-file | resource > allow | not by S3 itself
s3! | for-others | @use-key | pipeline/FilesKey +pipe-file | EnforceConfusedDeputyProtection | and for nobody else

@signing-keys = signing/ImageKey signing/ReleaseKey
build | internet | kms:Sign | @signing-keys +certificate | allow | the build signs what it measured
build | internet | kms:{DescribeKey,GetPublicKey} | @signing-keys | allow | and looks with what
admin root deploy deployer pipeline deployment break-glass api instance stranger | internet | kms:Sign | @signing-keys +certificate | DenySigningByOthers | and nobody else: who deploys signs nothing
build | internet | kms:Sign | @signing-keys +certificate +kms:MessageType=RAW | DenySigningMessages | digests
build | internet | kms:Sign | @signing-keys +certificate +kms:SigningAlgorithm=ECDSA_SHA_256 | DenyOtherAlgorithms | by one algorithm
build admin | internet | kms:{Verify,DeriveSharedSecret} | @signing-keys | resource > allow | nothing else
codebuild! | for-us | kms:Sign | @signing-keys +certificate | DenySigningByOthers | the role, not the service

pipeline | internet | codeconnections:UseConnection | codeconnections/connection/11111111-2222-4333-8444-555555555555 | allow | the configured repository
pipeline | internet | codeconnections:UseConnection codestar-connections:UseConnection | codeconnections/connection/x codestar-connections/connection/x | identity > allow | and no other
pipeline | internet | codebuild:{BatchGetBuilds,StartBuild,StopBuild} | codebuild/project/vault-build codebuild/project/vault-deploy | allow | starts both
pipeline | internet | codebuild:{StartBuild,UpdateProject} | codebuild/project/payroll | identity > boundary | and no others
pipeline build | internet | cloudformation:{CreateChangeSet,ExecuteChangeSet} iam:PassRole lambda:UpdateFunctionCode codepipeline:PutApprovalResult | * | identity > boundary | neither deploys or approves
deploy | internet | codepipeline:{PutApprovalResult,StartPipelineExecution,UpdatePipeline} codebuild:{StartBuild,UpdateProject} kms:{Sign,PutKeyPolicy} iam:{PutRolePolicy,UpdateAssumeRolePolicy,CreatePolicyVersion} | * | identity > boundary | nor does the deployment approve itself, or change what bounds it
build | internet | cloudformation:{DescribeStacks,GetTemplate} | cloudformation/stack/vault-keys/1 cloudformation/stack/vault-keys-replica/1 | allow | tells approvers what keys admit now
build | internet | cloudformation:DescribeStacks | cloudformation/stack/vault-api/1 | identity > boundary | and no more
build | internet | @write-log | logs/log-group:/vault/build:log-stream:x | allow | its log
deploy | internet | @write-log | logs/log-group:/vault/deploy:log-stream:x | allow | its log
build deploy | internet | @write-log | logs/log-group:/vault/audit-heads:log-stream:x | identity > allow | its own; the boundary knows the vault's
build deploy | internet | @write-log | logs/log-group:/payroll:log-stream:x | identity > boundary | and no others
deploy | internet | cloudformation:{ContinueUpdateRollback,CreateChangeSet,DeleteChangeSet,DeleteStack,DescribeChangeSet,DescribeStackEvents,DescribeStacks,ExecuteChangeSet,GetTemplate,TagResource,UntagResource,UpdateTerminationProtection} | cloudformation/stack/vault-api/1 | allow | the deploy command
deploy | internet | cloudformation:CreateChangeSet | cloudformation/stack/vault-{artifacts,base,canary,controllers,data,decryption,evidence,identities,keys,keys-replica,network,signing,watch}/1 | allow | stack by stack
deploy | internet | cloudformation:{CreateChangeSet,DeleteStack} | cloudformation/stack/payroll/1 cloudformation/stack/vault-payroll/1 | identity > boundary | of this vault
deploy | internet | cloudformation:{CreateChangeSet,DeleteChangeSet,DeleteStack,ExecuteChangeSet,GetTemplate,UpdateTerminationProtection} | cloudformation/stack/vault-pipeline/1 | identity > boundary | but for the stack that approves
deploy | internet | cloudformation:DescribeStacks | cloudformation/stack/vault-pipeline/1 | allow | which it sees
deploy | internet | iam:PassRole | iam/role/vault/vault-deployment +iam:PassedToService=cloudformation.amazonaws.com | allow | CloudFormation works as the deployment role
deploy | internet | iam:PassRole | iam/role/vault/vault-deployment +iam:PassedToService=lambda.amazonaws.com | identity > boundary | and nothing else
deploy | internet | iam:PassRole | iam/role/vault/vault-api iam/role/vault/vault-break-glass +iam:PassedToService=cloudformation.amazonaws.com | identity > boundary | as no other
deploy | internet | autoscaling:DescribeAutoScalingGroups ec2:{DescribeAvailabilityZones,DescribeManagedPrefixLists,DescribeNetworkInterfaces,DescribeSecurityGroupRules} elasticloadbalancing:DescribeTargetHealth servicequotas:{GetAWSDefaultServiceQuota,GetServiceQuota} | * | allow | looks
deploy | internet | iam:GetRole | iam/role/people/deployer iam/role/vault/vault-deploy | allow | who it is
deploy | internet | iam:GetRole | iam/role/vault/vault-api | identity > boundary | and no others
deploy | internet | apigateway:GET | apigateway//account | allow | whether there is a log role
deploy | internet | kms:{DescribeKey,GetKeyPolicy,GetPublicKey} | @every-key | allow | public keys, live measurements
deploy | internet | @tend-key | @vault-keys | DenyDeployersButReading | as all who deploy
deploy | internet | lambda:InvokeFunction | lambda/function:vault-smoke lambda/function:vault-smoke:1 | allow | the smoke test
deploy | internet | lambda:InvokeFunction | lambda/function:vault-api | identity > allow | and no other
deploy | internet | ec2:{RevokeSecurityGroupEgress,RevokeSecurityGroupIngress} | ec2/security-group/sg-1 ec2/security-group-rule/sgr-1 | allow | empties the default group
deploy | internet | route53resolver:UpdateFirewallRuleGroupAssociation | route53resolver/firewall-rule-group-association/x +tagged | allow | lifts the firewall's protection before it goes
deploy | internet | route53resolver:UpdateFirewallRuleGroupAssociation | route53resolver/firewall-rule-group-association/x | identity > boundary | of this vault
deploy | internet | signer:{DescribeSigningJob,GetSigningProfile,StartSigningJob} | signer//signing-profiles/x signer//signing-jobs/x | allow | signing of functions, by the profile
deploy | ours | dynamodb:GetItem | @table | DenyItemsToOthers | no items

# behind the pipeline's buckets and keys
pipeline build deploy | internet | kms:Decrypt | opened:pipeline/FilesKey +pipe-file | identity > boundary | through S3
deploy | internet | kms:{Decrypt,GenerateDataKey} | opened:artifacts/ArtifactsKey +object | identity > boundary | through S3
pipeline | internet | kms:Decrypt | opened:base/TopicKey +topic | identity > boundary | through SNS
pipeline | internet | s3:{GetObject,PutObject} | opened:s3/vault-pipeline-111122223333-eu-central-1/vault-pipeline/Source/x +aws:ResourceAccount=444455556666 | boundary | no bucket of this name in another account
build | internet | s3:GetObject | opened:s3/vault-pipeline-111122223333-eu-central-1/vault-pipeline/Source/x +aws:ResourceAccount=444455556666 | boundary | the same
deploy | internet | s3:{GetObject,PutObject} | opened:s3/vault-artifacts-111122223333-eu-central-1/x +aws:ResourceAccount=444455556666 | boundary | the same
pipeline | internet | s3:GetBucketVersioning | opened:s3/vault-artifacts-111122223333-eu-central-1 | identity > allow | where sources are uploaded
pipeline | internet | s3:GetObject | opened:s3/vault-artifacts-111122223333-eu-central-1/source/x | identity > allow | they lie here
pipeline | internet | s3:GetObject | opened:s3/vault-artifacts-111122223333-eu-central-1/release/x | identity > boundary | and beside them is nothing for it
deploy | internet | @delete-objects | @file | DenyDeletionByOthers | of those who deploy the one that deletes nothing, whatever it is given
deploy | same-id second-endpoint other-vpc | kms:DescribeKey | @vault-keys | allow | exempt by name
deploy | internet | dynamodb:DescribeTable | @table | identity > allow | exempt by name, given nothing
instance | ours | s3:GetObjectVersion | @file +s3:VersionId=66666666666666666666666666666666 -aws:SourceVpcArn | allow | where S3 tells no ARN, the id decides
`;
