# SPDX-License-Identifier: Apache-2.0
"""Tries every resource of every template on moto's CloudFormation, and says as JSON what became of it.

Usage: deploy_to_moto.py REGION OUTPUTS TEMPLATE...   (in the order of deployment)

OUTPUTS is a file with what templates take for outputs of earlier stacks, by stage and name: moto makes ids of its own, and
each is put in the place of the one that stands for it.

Of each kind of resource (type and properties that are given) one is tried, with what it refers to and nothing else, so that
one that moto cannot make does not take others with it. Then each stack is made of all resources that it could make, and what is there is read back from the services themselves.
"""

import io
import json
import os
import re
import sys
import warnings
import zipfile

REGION = sys.argv[1]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION=REGION,
    MOTO_ACCOUNT_ID="111122223333",
    AWS_EC2_METADATA_DISABLED="true",
)

import boto3  # noqa: E402
from moto import mock_aws  # noqa: E402

warnings.simplefilter("ignore")


def references(value, found=None):
    """Logical ids that a value refers to."""
    found = set() if found is None else found
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "Ref":
                found.add(member)
            elif name == "Fn::GetAtt":
                found.add(member[0])
            else:
                references(member, found)
    elif isinstance(value, list):
        for member in value:
            references(member, found)
    return found


def closure(resources, wanted):
    """The resources wanted and all that they need."""
    todo, needed = list(wanted), {}
    while todo:
        name = todo.pop()
        if name in needed:
            continue
        resource = needed[name] = resources[name]
        after = resource.get("DependsOn", [])
        todo += references(resource.get("Properties", {}))
        todo += [after] if isinstance(after, str) else after
    return {name: resources[name] for name in resources if name in needed}


def create(stack, resources, outputs=None):
    """@returns physical ids by logical id, or what moto said"""
    client = boto3.client("cloudformation")
    body = json.dumps({"Resources": resources, **({"Outputs": outputs} if outputs else {})})
    try:
        client.create_stack(StackName=stack, TemplateBody=body)
        listed = client.describe_stack_resources(StackName=stack)["StackResources"]
    except Exception as error:  # whatever moto raises is its answer
        text = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")
        return None, text[:160]
    return {one.get("LogicalResourceId"): one.get("PhysicalResourceId") for one in listed}, ""


def adapted(resources):
    """What moto reads in its own way. KMS: tags by TagKey, as its API has them and CloudFormation does not."""
    for resource in resources.values():
        if resource["Type"] == "AWS::KMS::Key":
            resource["Properties"].pop("Tags", None)
    return resources


def ids_of(stage, stack):
    """Ids that moto made for a stack, by the ones that stand for them."""
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    made = {}
    for output in described.get("Outputs", []):
        example = EXAMPLES.get(stage, {}).get(output["OutputKey"], "")
        value = output.get("OutputValue") or ""
        for old, new in zip(example.split(","), value.split(",")):
            if old and new and old != "none":
                made[old] = new
    return made


def code_in_bucket(bucket):
    """Puts a file where each function's code should be. @returns versions, by the ones that stand for them"""
    s3, made = boto3.client("s3"), {}
    # What a template says of versions moto leaves out.
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for _, resources in TEMPLATES:
        for resource in resources.values():
            if resource["Type"] == "AWS::Lambda::Function":
                code = resource["Properties"]["Code"]
                put = s3.put_object(Bucket=bucket, Key=code["S3Key"], Body=ZIP)
                made[code["S3ObjectVersion"]] = put["VersionId"]
    return made


def replaced(resources, ids):
    text = json.dumps(resources)
    for old, new in ids.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    return json.loads(text)


def surroundings():
    """What resources of later stacks look for: network, roles, code. @returns ids as `ids_of` does"""
    iam = boto3.client("iam")
    ids = {}
    for stage, resources in TEMPLATES:
        for resource in resources.values():
            if resource["Type"] == "AWS::IAM::Role":
                of = resource["Properties"]
                trust = json.dumps(of["AssumeRolePolicyDocument"])
                iam.create_role(RoleName=of["RoleName"], Path=of["Path"], AssumeRolePolicyDocument=trust)
        if stage == "network":
            ground = {n: r for n, r in resources.items() if r["Type"] in GROUND}
            outputs = {n: o for n, o in OUTPUTS[stage].items() if references(o) <= set(ground)}
            create("surroundings", ground, outputs)
            ids.update(ids_of(stage, "surroundings"))
        if stage == "artifacts":
            bucket = resources["Artifacts"]["Properties"]["BucketName"]
            s3 = boto3.client("s3")
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            ids.update(code_in_bucket(bucket))
    return ids


@mock_aws
def attempt(stage, resources, name):
    """Whether moto makes a resource, in an account of its own."""
    needed = closure(resources, [name])
    if stage not in ("controllers", "identities", "network", "artifacts"):
        needed = replaced(needed, surroundings())
    made, error = create("one", needed)
    if made is None:
        return f"refused: {error}"
    return "made" if made.get(name) else "ignored"


def read_back(template, made):
    """What a service says of a resource, against what the template says of it: differences."""
    wrong = []
    iam, kms, s3, ec2, logs, awslambda = (
        boto3.client(name) for name in ("iam", "kms", "s3", "ec2", "logs", "lambda")
    )
    for name, physical in made.items():
        resource = template[name]
        properties = resource.get("Properties", {})

        def same(what, got, wanted, name=name):
            if got != wanted:
                wrong.append(f"{name}: {what} is {str(got)[:80]}, not {str(wanted)[:80]}")

        kind = resource["Type"]
        if kind == "AWS::IAM::Role":
            role = iam.get_role(RoleName=properties["RoleName"])["Role"]
            same("trust", role["AssumeRolePolicyDocument"], properties["AssumeRolePolicyDocument"])
            boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
            same("boundary", boundary, made[properties["PermissionsBoundary"]["Ref"]])
        elif kind == "AWS::KMS::Key":
            policy = kms.get_key_policy(KeyId=physical, PolicyName="default")["Policy"]
            policy = json.loads(policy) if isinstance(policy, str) else policy
            if not references(properties["KeyPolicy"]):
                same("policy", policy, properties["KeyPolicy"])
            if properties.get("EnableKeyRotation"):
                rotation = kms.get_key_rotation_status(KeyId=physical)["KeyRotationEnabled"]
                same("rotation", rotation, True)
        elif kind == "AWS::S3::Bucket":
            encryption = s3.get_bucket_encryption(Bucket=physical)["ServerSideEncryptionConfiguration"]
            algorithm = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
            same("encryption", algorithm, "aws:kms")
        elif kind == "AWS::EC2::SecurityGroup":
            group = ec2.describe_security_groups(GroupIds=[physical])["SecurityGroups"][0]
            # moto leaves its own rule for what leaves, whatever the template says.
            ranges = [one["CidrIp"] for rule in group["IpPermissions"] for one in rule["IpRanges"]]
            same("rules for all addresses", [one for one in ranges if one.endswith("/0")], [])
        elif kind == "AWS::EC2::Subnet":
            subnet = ec2.describe_subnets(SubnetIds=[physical])["Subnets"][0]
            same("public addresses", subnet["MapPublicIpOnLaunch"], False)
            same("block", subnet["CidrBlock"], properties["CidrBlock"])
        elif kind == "AWS::Logs::LogGroup":
            prefix = properties["LogGroupName"]
            group = logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"][0]
            same("retention", group.get("retentionInDays"), properties.get("RetentionInDays"))
        elif kind == "AWS::EC2::LaunchTemplate":
            versions = ec2.describe_launch_template_versions(LaunchTemplateId=physical)
            data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
            same("IMDS", data["MetadataOptions"]["HttpTokens"], "required")
            same("enclaves", data["EnclaveOptions"]["Enabled"], True)
        elif kind == "AWS::Lambda::Function":
            found = awslambda.get_function(FunctionName=physical)["Configuration"]
            same("role", found["Role"], properties["Role"])
        else:
            continue
        checked[kind] = checked.get(kind, 0) + 1
    return wrong


GROUND = (
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
)
with io.BytesIO() as archive:
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("index.mjs", "export const handler = () => {};")
    ZIP = archive.getvalue()
with open(sys.argv[2], encoding="utf-8") as opened:
    EXAMPLES = json.load(opened)
TEMPLATES, OUTPUTS = [], {}
for file in sys.argv[3:]:
    with open(file, encoding="utf-8") as opened:
        template = json.load(opened)
    stage = os.path.basename(file).removesuffix(".json")
    TEMPLATES.append((stage, adapted(template["Resources"])))
    OUTPUTS[stage] = template.get("Outputs", {})

checked: dict = {}
report = {"types": {}, "stacks": {}, "wrong": [], "checked": checked}


@mock_aws
def deploy(outcomes):
    ids = {}
    for stage, original in TEMPLATES:
        resources = replaced(original, ids)
        whole = {
            name: resource
            for name, resource in resources.items()
            if not any(outcomes[stage][one].startswith("refused") for one in closure(resources, [name]))
        }
        real = {name for name in whole if outcomes[stage][name] == "made"}
        outputs = {n: o for n, o in OUTPUTS[stage].items() if references(o) <= real}
        made, error = create(f"vault-{stage}", whole, outputs) if whole else ({}, "")
        if made is None:
            report["wrong"].append(f"{stage}: {error}")
            continue
        if whole:
            ids.update(ids_of(stage, f"vault-{stage}"))
        if stage == "artifacts" and made.get("Artifacts"):
            ids.update(code_in_bucket(made["Artifacts"]))
        report["stacks"][stage] = {"made": sum(1 for one in made.values() if one), "of": len(resources)}
        lost = [name for name in real if not made.get(name)]
        report["wrong"] += [f"{stage}.{name}: not made together with others" for name in lost]
        there = {name: physical for name, physical in made.items() if name in real and physical}
        report["wrong"] += [f"{stage}.{one}" for one in read_back(whole, there)]


outcomes: dict = {}
for stage, resources in TEMPLATES:
    tried: dict = {}
    outcomes[stage] = {}
    for name, resource in resources.items():
        kind = (resource["Type"], *sorted(resource.get("Properties", {})))
        if kind not in tried:
            tried[kind] = attempt(stage, resources, name)
        outcomes[stage][name] = tried[kind]
        answers = report["types"].setdefault(resource["Type"], {})
        answers.setdefault(tried[kind], []).append(f"{stage}.{name}")
deploy(outcomes)
json.dump(report, sys.stdout, indent=1)
