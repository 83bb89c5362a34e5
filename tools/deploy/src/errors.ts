// SPDX-License-Identifier: Apache-2.0

/** The command's words are off; shown with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** Every way in which deploy and destroy end early, with what to do about it. Codes are stable; docs/deployment.md lists them. */
export const ADVICE = {
  config_unreadable: 'Mend the file or its path, or make one with --init.',
  config_invalid: 'Mend the settings named above; docs/configuration.md has all of them.',
  key_unreadable:
    'Give a private key in PEM; ENCLAVE_VAULT_SIGNING_PASSPHRASE opens one that is encrypted. Nothing was created.',
  release_refused: 'Get the release anew, and its public key from where you trust it. Nothing was created.',
  release_older:
    'Deploy the newest release, or give --older when going back is what you want: flaws mended since come back with it. Nothing was changed.',
  credentials_missing: 'Sign in (AWS_PROFILE, aws sso login, or the environment) and run the command again.',
  credentials_expired: 'Sign in again and run the command again: it goes on where it stopped.',
  account_other: 'Sign in to the account of deploy.json, or mend `account` and `partition`.',
  deployer_unlisted:
    'Take one of the roles in `deployers`, or have one of them deploy a configuration that lists yours.',
  quota_low: 'Have the quota raised (Service Quotas console), or set a smaller `decryption` section.',
  zone_unknown: 'Name zones of the Region that the account may use: --init finds them.',
  prefix_list_other: 'Write the ids of this Region into `network.prefixLists`: --init finds them.',
  log_role_missing: 'Set `api.accessLogs` to false, or give API Gateway a log role (docs/deployment.md).',
  name_taken: 'Choose another `name`, or delete the stack if it is yours.',
  preflight_failed: 'Mend what is listed above. Nothing was created.',
  access_denied: 'The rights of a deployer are printed by --print-deployer-policy.',
  service_failed: 'AWS did not answer as expected. Run the command again: it goes on where it stopped.',
  template_too_large:
    'This is a fault of the vault: a template from before there is a bucket must fit into a request.',
  change_set_failed:
    'CloudFormation refused the template; its reason is above. Nothing of this stack was changed.',
  replacement_refused:
    'Nothing was changed. A release that must replace a key or the table is not deployed over data: see docs/deployment.md.',
  stack_failed: 'Mend the reason above and run the command again: it goes on with this stack.',
  stack_stuck: 'CloudFormation cannot go back on its own: docs/deployment.md, "When it fails".',
  stack_missing: 'Deploy all of it first, without --only; phases go in the order widen, deploy, narrow.',
  stack_timeout:
    'CloudFormation goes on by itself. Run the command again: it waits for this stack and goes on.',
  interrupted:
    'CloudFormation goes on by itself. Run the command again: it waits for this stack and goes on.',
  live_set_unclear:
    'Where a stack is being changed, run the command again when that has ended; for one that CloudFormation cannot take back see docs/deployment.md, "When it fails". Otherwise the deployed key policies say something else than this program writes: compare them before going on (enclave-vault doctor).',
  approval_missing: 'Run the command on a terminal, or give --yes after the change was approved elsewhere.',
  not_approved: 'Nothing was changed after what is listed above.',
  signing_failed: 'AWS Signer did not sign; its reason is above. Run the command again.',
  upload_mismatch:
    'The file changed while the command ran, or the bucket did not keep what was sent. Run the command again.',
  unhealthy:
    'Look at the log group of the parents. The key policies admit what they admitted before, so what ran before still works.',
  smoke_failed: 'Everything is deployed. The report above says which call of the smoke test failed.',
  deletion_failed: 'Mend the reason above and run the command again: it goes on with this stack.',
  confirmation_wrong: 'Nothing was deleted.',
  output_unwritable: 'Give another folder with --out.',
  file_exists: 'Give another path, or delete the file.',
  internal:
    'A fault of this command: report it with the lines above. Run again, it goes on where it stopped.',
} as const;

export type DeployErrorCode = keyof typeof ADVICE;

/**
 * Something that the user can mend, or must know: shown as lines without a stack trace, exit code 1. Messages name
 * stacks, resources and settings, and never hold credentials.
 */
export class DeployError extends Error {
  override readonly name = 'DeployError';
  readonly code: DeployErrorCode;
  /** More lines, such as one for each problem. */
  readonly details: readonly string[];

  constructor(code: DeployErrorCode, message: string, details: readonly string[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
