// SPDX-License-Identifier: Apache-2.0
import { CHECKS } from '@enclave-vault/admin/doctor';

/** The text of docs/doctor.md, from the checks themselves. */
export function doctorPage(): string {
  return `<!-- written by npm run docs -->
# Doctor

\`enclave-vault doctor\` checks a deployment from where it stands, and says what to mend. It changes nothing, and it needs no secret but the credentials that are there.

\`\`\`
npx enclave-vault doctor                              the vault that runs on this machine
npx enclave-vault doctor --config api.json --config parent.json --config deployment.json \\
    --manifest measurements.json --manifest-key manifest.pem
\`\`\`

On AWS it is given the role files of [configuration](configuration.md), as many as there are here, and the signed measurement manifest of the enclave image. Which
role a file is of, it finds out itself. \`--env ROLE\` takes this shell's \`ENCLAVE_VAULT_*\` variables for those of that role, as the process would read them, with or
without a file. \`--as ROLE\` says which role must stand here.

Where it stands decides what it can see. A line says \`skip\`, with its reason, where something cannot be told from here:

| from | sees | cannot see |
|---|---|---|
| the API's place (its role) | whether the API may do what it must, that it cannot decrypt, the channel to the parent, the enclave's attestation, the clock | key policies and states, settings of the table: its role may not read them |
| the parent instance (its role) | that the instance's role cannot decrypt without attestation, the parent's health, the clock | the channel, which opens for the API's role only |
| a laptop, as the deployment role | keys, key policies, table, log group, that this role cannot decrypt | what is inside the VPC: the parent, the enclave |
| the machine of a local vault | all of it, as admin, API and instance | AWS |

Each check has a time limit of its own, all run at once, and the whole ends within 15 seconds. Exit code 0: nothing failed. 1: something did. With \`--json\` each finding is
\`{"check", "of", "status", "seen", "mend"}\`; \`status\` is \`ok\`, \`warn\`, \`fail\` or \`skipped\`. Names of checks are stable. Nothing that is seen is a secret.

The probes are dry runs: KMS says whether it would have done it and does nothing. They appear in CloudTrail with an encryption context of a vault id that begins with
\`v_doctor\`, and refused ones count for the alarm on refused decryption: that is the alarm's test. A local vault says in its log how many were
refused (\`dry_runs_refused\`), and each of them with \`--verbose\`.

| check | what it proves | how to mend |
|---|---|---|
${CHECKS.map(({ name, proves, mend, mendLocal }) => `| \`${name}\` | ${proves} | ${mend}${mendLocal === undefined ? '' : ` *Locally:* ${mendLocal}`} |`).join('\n')}

**Deploy again** writes what changed in a template, and puts back what was changed beside CloudFormation; [what it leaves](operations.md#key-policies) goes back by hand.

**Rotation.** While a new image is rolled out, give the manifests of both images: \`--manifest\` may be repeated, and a key policy must then admit just these.

**What it does not prove.** That nobody will change a key policy a minute later: canaries and alarms watch that. That roles and identity policies are those of the
deployment: it asks KMS, which answers for the caller alone. That the enclave's program is the one in this repository: compare the manifest with your own build
of the image.
`;
}
