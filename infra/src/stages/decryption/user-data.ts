// SPDX-License-Identifier: Apache-2.0
import { InfraError } from '../../errors.ts';
import { HEALTH_PORT, PARENT_PROGRAM, PARENT_SETTINGS } from '../../settings/parent.ts';
import type { ArtifactLocation, PlacedRelease } from '../../stage.ts';

export interface UserDataOptions {
  readonly region: string;
  readonly account: string;
  readonly release: Pick<PlacedRelease, 'release' | 'parent' | 'image' | 'parentSettings'>;
  /** Of the stack and of the group in it: who waits for an instance's word. */
  readonly stack: string;
  readonly group: string;
  readonly logGroup: string;
  /** Of Amazon Linux, that packages are installed from; absent: that of the machine image. */
  readonly releasever?: string | undefined;
  /** Packages besides what every instance needs. */
  readonly packages?: readonly string[];
  /** From the first command until the parent serves, and from then until the instance says so. */
  readonly bootSeconds: number;
  readonly settleSeconds: number;
}

/** EC2 takes no more (EC2 User Guide, "Run commands when you launch an EC2 instance"): before base64. */
export const MAX_USER_DATA_BYTES = 16 * 1024;

/**
 * What an instance runs as root at its first boot: fetches three files by version, checks the SHA-256 of each before it
 * unpacks or runs anything of them, hands over to the archive's own install.sh, waits until the parent serves, and tells
 * the stack. On whatever goes wrong it says which step that was and ends the instance. There is no secret in it.
 */
export function userData(options: UserDataOptions): string {
  const { release, settleSeconds, bootSeconds } = options;
  const packages = [
    'aws-nitro-enclaves-cli',
    'amazon-cloudwatch-agent',
    'awscli-2',
    ...(options.packages ?? []),
  ];
  const releasever = options.releasever === undefined ? '' : ` --releasever=${literal(options.releasever)}`;
  const script = `#!/bin/bash
# Enclave Vault ${literal(release.release)}. Written by the stack ${literal(options.stack)}; docs/parent.md explains it.
set -euo pipefail
umask 022
export AWS_REGION=${literal(options.region)} AWS_EC2_METADATA_V1_DISABLED=true AWS_MAX_ATTEMPTS=5
export AWS_PAGER='' HOME=/root

step=metadata
instance=unknown
work=/var/lib/enclave-vault-boot

# One line of JSON for the console and, once there is an AWS CLI, for the log group: an instance that ends takes its disk along.
say() { # level event
  local line message
  line="{\\"time\\":\\"$(date --utc +%FT%TZ)\\",\\"level\\":\\"$1\\",\\"process\\":\\"enclave-vault-boot\\",\\"event\\":\\"$2\\",\\"instance\\":\\"$instance\\",\\"step\\":\\"$step\\",\\"seconds\\":$SECONDS}"
  printf '%s\\n' "$line" >&2
  printf '%s\\n' "$line" >>/dev/console || true
  command -v aws >/dev/null || return 0
  message=\${line//\\"/\\\\\\"}
  call logs create-log-stream --log-group-name ${literal(options.logGroup)} --log-stream-name "$instance/boot" || true
  call logs put-log-events --log-group-name ${literal(options.logGroup)} --log-stream-name "$instance/boot" \\
    --log-events "[{\\"timestamp\\":$(date +%s%3N),\\"message\\":\\"$message\\"}]" || true
}
call() { aws --cli-connect-timeout 5 --cli-read-timeout 20 "$@" >/dev/null 2>&1; }
# Outside an update of the stack nobody waits, and CloudFormation refuses the signal: that is not an error.
signal() { # status
  call cloudformation signal-resource --stack-name ${literal(options.stack)} --logical-resource-id ${literal(options.group)} \\
    --unique-id "$instance" --status "$1" || say info signal_not_taken
}
# Behind this line no instance is left that does not serve. Shutting down is terminating: the launch template says so.
refuse() {
  local status=$?
  trap - EXIT
  [ "$status" -eq 0 ] && exit 0
  set +e
  say error instance_refused
  signal FAILURE
  systemctl poweroff
  exit "$status"
}
trap refuse EXIT

metadata() { # path
  curl --silent --fail --max-time 5 --retry 5 --retry-connrefused --header "X-aws-ec2-metadata-token: $token" \\
    "http://169.254.169.254/latest/meta-data/$1"
}
token=$(curl --silent --fail --max-time 5 --retry 5 --retry-connrefused --request PUT \\
  --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
instance=$(metadata instance-id)

step=packages
for attempt in 1 2 3; do
  # Signed by Amazon Linux: its repositories have gpgcheck=1.
  dnf --assumeyes --quiet --setopt=install_weak_deps=False${releasever} install ${packages.map(literal).join(' ')} && break
  [ "$attempt" -lt 3 ] || exit 1
  sleep 5
done

fetch() { # file bucket key version sha256
  step="fetch_$1"
  for attempt in 1 2 3; do
    aws s3api get-object --bucket "$2" --key "$3" --version-id "$4" --expected-bucket-owner ${literal(options.account)} \\
      "$work/$1" >/dev/null && break
    [ "$attempt" -lt 3 ] || return 1
    sleep 5
  done
  step="verify_$1"
  printf '%s  %s\\n' "$5" "$work/$1" | sha256sum --check --strict --quiet
}
install -d -m 0700 "$work"
fetch parent ${location(release.parent)}
fetch image ${location(release.image)}
fetch settings ${location(release.parentSettings)}

# All three are what the release says. Nothing of them has been read before.
step=unpack
install -d -m 0755 ${PARENT_PROGRAM} ${PARENT_SETTINGS}
tar --extract --gzip --no-same-owner --file "$work/parent" --directory ${PARENT_PROGRAM}
tar --extract --gzip --no-same-owner --file "$work/settings" --directory ${PARENT_SETTINGS}
install -m 0644 "$work/image" ${PARENT_PROGRAM}/enclave-vault.eif
rm -r "$work"

step=install
${PARENT_PROGRAM}/install.sh

serves() {
  [ "$(curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' http://127.0.0.1:${HEALTH_PORT}/health)" = 200 ]
}
step=serve
until serves; do
  [ "$SECONDS" -lt ${integer(bootSeconds)} ] || exit 1
  sleep 2
done
say info instance_serving

# Until the load balancer has seen it: what is replaced by this instance goes when it speaks.
step=settle
sleep ${integer(settleSeconds)}
serves || { sleep 5 && serves; }
signal SUCCESS
`;
  const bytes = Buffer.byteLength(script);
  if (bytes > MAX_USER_DATA_BYTES) throw new InfraError('template_refused', `user data has ${bytes} bytes`);
  return script;
}

function location({ bucket, key, version, sha256 }: ArtifactLocation): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new InfraError('template_refused', 'an artifact has no SHA-256');
  return [bucket, key, version, sha256].map(literal).join(' ');
}

/**
 * A word that means the same to a shell as to us. Version ids of S3 are opaque; some begin with a dot or an underscore, or
 * have a plus in them (S3 User Guide, "How S3 Versioning works"). @throws {InfraError} `template_refused`
 */
function literal(text: string): string {
  if (!/^[A-Za-z0-9._][A-Za-z0-9._/:=+-]*$|^\/[A-Za-z0-9._/-]+$/.test(text)) {
    throw new InfraError('template_refused', 'a value of user data is no plain word');
  }
  return text;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InfraError('template_refused', 'a time of user data');
  return String(value);
}
