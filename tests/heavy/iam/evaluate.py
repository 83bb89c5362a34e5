# SPDX-License-Identifier: Apache-2.0
"""A second evaluator of AWS policies, written from AWS's documentation and from nothing else; it has no line in common with emulators/iam.

Reads what dump.ts writes: policy documents, requests, and what the emulator decided. Decides each request again, and prints where both differ.
Sources: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic", "JSON policy elements reference",
"Condition operators", "Single-valued vs. multivalued context keys", "Variables and tags"; KMS Developer Guide, "Key policies".
"""

import ipaddress
import json
import re
import sys
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache

NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnLike",
    "ArnNotLike": "ArnLike",
}
VARIABLE = re.compile(r"\$\{([^}]*)\}")


def must_allow(request):
    """Whether the resource's own policy must allow or delegate ("Resource-based policies": KMS keys and role trust are the exceptions).

    Aliases, and what is on no key, have no policy of their own ("Key policies in AWS KMS", "Controlling access to aliases").
    """
    service, _, name = request["action"].lower().partition(":")
    return (service == "kms" and ":key/" in request["resource"]) or (service == "sts" and name.startswith("assumerole"))



def many(value):
    return value if isinstance(value, list) else [value]


class Unresolved(Exception):
    """A variable without a value: the statement does not apply."""


def pieces(pattern, context, variables, wild=True):
    """The pattern as a regular expression; what a variable stands for is plain text."""
    out, at = [], 0
    plain = lambda text: "".join(
        ".*" if wild and c == "*" else "." if wild and c == "?" else re.escape(c) for c in text
    )
    if not variables:
        return plain(pattern)
    for found in VARIABLE.finditer(pattern):
        out.append(plain(pattern[at : found.start()]))
        out.append(re.escape(value_of(found[1], context)))
        at = found.end()
    return "".join(out) + plain(pattern[at:])


def value_of(name, context):
    if name in ("*", "?", "$"):
        return name
    key, comma, default = name.partition(",")
    values = context.get(key.strip().lower())
    if values and len(values) == 1:
        return values[0]
    if comma:
        return default.strip()[1:-1]
    raise Unresolved(key)


@lru_cache(maxsize=None)
def compiled(expression, flags):
    return re.compile(expression, flags)


def fits(expression, text, flags=0):
    return compiled(expression, flags | re.DOTALL).fullmatch(text) is not None


def moment(text):
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return Decimal(text)
    padded = {4: "-01-01", 7: "-01"}.get(len(text), "")
    made = datetime.fromisoformat((text + padded).replace("Z", "+00:00"))
    return Decimal((made if made.tzinfo else made.replace(tzinfo=timezone.utc)).timestamp())


def ordered(operator, left, right):
    if operator.endswith("LessThan"):
        return left < right
    if operator.endswith("LessThanEquals"):
        return left <= right
    if operator.endswith("GreaterThan"):
        return left > right
    if operator.endswith("GreaterThanEquals"):
        return left >= right
    return left == right


def address(text, network):
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(network, strict=False)
    except (ValueError, TypeError):
        return False


def arn_like(pattern, value, context, variables):
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), value.split(":", 5)
    return len(wanted) == len(given) == 6 and all(
        fits(pieces(part, context, variables), text) for part, text in zip(wanted, given)
    )


def compares(operator, wanted, given, context, variables):
    """Whether one value of the request matches one value of the policy, under an operator that is not negated."""
    wanted = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
    if operator == "StringEquals":
        return fits(pieces(wanted, context, variables, wild=False), given)
    if operator == "StringEqualsIgnoreCase":
        return fits(pieces(wanted, context, variables, wild=False), given, re.IGNORECASE)
    if operator == "StringLike":
        return fits(pieces(wanted, context, variables), given)
    if operator in ("ArnEquals", "ArnLike"):
        return arn_like(wanted, given, context, variables)
    if operator == "Bool":
        return wanted.lower() == given.lower()
    if operator == "BinaryEquals":
        return wanted == given
    if operator == "IpAddress":
        return address(given, wanted)
    try:
        read = moment if operator.startswith("Date") else Decimal
        return ordered(operator, read(given), read(wanted))
    except (InvalidOperation, ValueError):
        return False


def holds(name, key, wanted, context, variables):
    """One operator and key of a condition block."""
    quantifier, _, operator = name.rpartition(":")
    values = context.get(key.lower())
    if operator == "Null":
        return (values is None or values == []) == (str(many(wanted)[0]).lower() == "true")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    if values is None and if_exists:
        return True
    base = NEGATED.get(operator, operator)
    negated = operator in NEGATED
    # Of a list in the policy one is enough; under a negated operator it must be none of them.
    matched = [
        any([compares(base, one, value, context, variables) for one in many(wanted)]) != negated
        for value in values or []
    ]
    if quantifier == "ForAllValues":
        return all(matched)
    if quantifier == "ForAnyValue":
        return any(matched)
    if not values:
        return negated
    return all(matched) if negated else any(matched)


def role_arn(principal):
    if principal.get("roleArn"):
        return principal["roleArn"]
    if principal["type"] != "assumed-role":
        return None
    _, name, _ = principal["arn"].split(":", 5)[5].split("/", 2)
    return f"arn:aws:iam::{principal['account']}:role/{name}"


def context_of(request):
    """Keys of the request, and those that follow from who asks ("AWS global condition context keys")."""
    principal = request["principal"]
    kind, arn, account = principal["type"], principal["arn"], principal.get("account")
    own = {"aws:PrincipalIsAWSService": "true" if kind == "service" else "false"}
    if kind == "service":
        own["aws:PrincipalServiceName"] = principal.get("service") or arn
    if account:
        own["aws:PrincipalAccount"] = account
        own["aws:PrincipalArn"] = role_arn(principal) or arn
    if kind == "user":
        own["aws:username"] = arn.rsplit("/", 1)[1]
    names = {"user": "User", "root": "Account", "role": "AssumedRole", "assumed-role": "AssumedRole", "federated-user": "FederatedUser", "anonymous": "Anonymous"}
    if kind in names:
        own["aws:PrincipalType"] = names[kind]
    if principal.get("userId"):
        own["aws:userid"] = principal["userId"]
    if principal.get("organization"):
        own["aws:PrincipalOrgID"] = principal["organization"]
    for tag, value in (principal.get("tags") or {}).items():
        own[f"aws:PrincipalTag/{tag}"] = value
    context = {"aws:resourceaccount": [request["resourceAccount"]]}
    context.update({key.lower(): many(value) for key, value in request["context"].items()})
    context.update({key.lower(): many(value) for key, value in own.items()})
    return context


def named_as(principal, entry):
    """How an entry of a Principal element means this principal: itself, its role, its account, or not at all."""
    arn, account = principal["arn"], principal.get("account")
    if entry == arn:
        return "role" if principal["type"] == "role" else "itself"
    if entry == role_arn(principal):
        return "role"
    if account and entry in (account, f"arn:aws:iam::{account}:root"):
        return "account"
    return None


def meant(principal, element):
    if element == "*":
        return "itself"
    found = set()
    if principal["type"] == "service":
        if (principal.get("service") or principal["arn"]) in many(element.get("Service", [])):
            return "itself"
    for entry in many(element.get("AWS", [])):
        found.add("itself" if entry == "*" else named_as(principal, entry))
    return next((how for how in ("itself", "role", "account") if how in found), None)


def applies(statement, request, context, variables):
    """How a statement applies: None, or how it means the caller ("itself" where it has no Principal)."""
    how = "itself"
    principal = request["principal"]
    if "Principal" in statement:
        how = meant(principal, statement["Principal"])
        if how is None:
            return None
    elif "NotPrincipal" in statement:
        # The account alone does not except a user of it: "you must also specify the account ARN", besides the user's.
        if meant(principal, statement["NotPrincipal"]) in ("itself", "role"):
            return None
    action = request["action"]
    listed = [fits(pieces(one, {}, False), action, re.IGNORECASE) for one in many(statement.get("Action", statement.get("NotAction")))]
    if any(listed) != ("Action" in statement):
        return None
    try:
        if "Resource" in statement or "NotResource" in statement:
            patterns = many(statement.get("Resource", statement.get("NotResource")))
            found = any([fits(pieces(one, context, variables), request["resource"]) for one in patterns])
            if found != ("Resource" in statement):
                return None
        for operator, keys in statement.get("Condition", {}).items():
            for key, wanted in keys.items():
                if not holds(operator, key, wanted, context, variables):
                    return None
    except Unresolved:
        return None
    return how


def effects(documents, request, context):
    """All statements of some policies that apply: effect, and how they mean the caller."""
    found = []
    for document in documents:
        variables = document.get("Version") == "2012-10-17"
        for statement in many(document["Statement"]):
            how = applies(statement, request, context, variables)
            if how is not None:
                found.append((statement["Effect"], how))
    return found


def allows(found):
    return any(effect == "Allow" for effect, _ in found)


def decide(request, layers):
    context = context_of(request)
    principal = request["principal"]
    kind = principal["type"]
    found = {}
    for name, documents in layers.items():
        if name in ("scps", "rcps"):
            exempt = "/aws-service-role/" in (role_arn(principal) or principal["arn"])
            outside = name == "scps" and kind in ("service", "anonymous")
            found[name] = [] if exempt or outside else [effects(level, request, context) for level in documents]
        else:
            found[name] = effects(documents, request, context)
    flat = [one for name, part in found.items() for one in (sum(part, []) if name in ("scps", "rcps") else part)]
    if any(effect == "Deny" for effect, _ in flat):
        return "explicit_deny"
    for name in ("scps", "rcps"):
        if not all(allows(level) for level in found.get(name, [])):
            return "implicit_deny"
    if "endpoint" in found and not allows(found["endpoint"]):
        return "implicit_deny"
    granted = {how for effect, how in found.get("resource", []) if effect == "Allow"}
    return "allow" if granted_to(request, granted, found) else "implicit_deny"


def granted_to(request, granted, found):
    principal = request["principal"]
    kind = principal["type"]
    limits = all(allows(found[name]) for name in ("boundary", "session") if name in found)
    own = kind == "root" or (allows(found.get("identity", [])) and limits)
    if kind in ("service", "anonymous"):
        return "itself" in granted
    if principal.get("account") != request["resourceAccount"]:
        return bool(granted) and own
    if kind == "root":
        return bool(granted) or not must_allow(request)
    if "itself" in granted:
        return True
    if "role" in granted and limits:
        return True
    return own and ("account" in granted or not must_allow(request))


def main(path):
    with open(path, encoding="utf-8") as file:
        dump = json.load(file)
    policies = dump["policies"]
    look = lambda value: [look(one) for one in value] if isinstance(value, list) else policies[value]
    tally, differing = {}, 0
    for row in dump["rows"]:
        decided = decide(row["request"], {name: look(value) for name, value in row["layers"].items()})
        tally[decided] = tally.get(decided, 0) + 1
        if decided != row["kind"]:
            differing += 1
            if differing <= 20:
                request = row["request"]
                print(f"DIFFERS {row['name']}: {decided} here, {row['kind']} there: {request['action']} on {request['resource']}", file=sys.stderr)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(tally.items()))
    print(f"iam: {len(dump['rows'])} requests under {len(policies)} policies ({counts}), {differing} decided otherwise")
    print(f"{len(dump['rows']) - differing} passed, {differing} failed")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
