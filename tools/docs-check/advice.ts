// SPDX-License-Identifier: Apache-2.0
import type { ProblemCode } from '@enclave-vault/api';
import type { FindingCode, MemberErrorCode, OpenErrorCode, RESULT_ERRORS } from '@enclave-vault/vault';

type ResultCode = keyof typeof RESULT_ERRORS;

/** What a caller can do about each problem. A code without a line here does not compile. */
export const PROBLEM_ADVICE: Readonly<Record<ProblemCode, string>> = {
  malformed: 'Mend the request; `If-Match` takes quoted ETags or `*`.',
  json_invalid: 'Send JSON (RFC 8259).',
  json_not_utf8: 'Send UTF-8, without a byte order mark.',
  json_too_deep: 'No body here is nested deeper than 16.',
  json_duplicate_name: 'Send each name once.',
  json_forbidden_name: '`__proto__`, `constructor` and `prototype` are no names here.',
  event_invalid: 'For the operator: the event has not the shape of a REST API’s.',
  event_not_rest: 'For the operator: put a REST API before the function.',
  body_required: 'Send a JSON object.',
  header_repeated: 'Send Authorization, Content-Type, Host, If-Match, Idempotency-Key once.',
  header_invalid: 'This call does not take that header: no Idempotency-Key with a new API key.',
  url_invalid: 'Mend the percent-encoding.',
  request_invalid: 'Mend the framing; the connection is closed.',
  unauthenticated: 'Look at the token. What is wrong with it is not said.',
  scope_missing: 'Use a key with the scope; the audit has the attempt.',
  field_not_allowed: 'Ask for fields of the key only, in expressions too.',
  purpose_not_allowed: 'Name a purpose of the key.',
  derive_only: 'Send registered expressions and no `fields`.',
  exceeds_own_rights: 'Ask for less, or create the key with a wider one.',
  not_found: 'It never existed, was deleted, or belongs to another tenant: no answer tells which.',
  key_not_found: 'List the keys.',
  not_signed: 'Said by the gateway: sign requests (SigV4, service `execute-api`), and see the API reference.',
  signature_invalid:
    'Said by the gateway: look at clock, Region and credentials; a proxy may have changed the request.',
  request_filtered: 'Said by the gateway: the log of AWS WAF names the rule, by `request_id`.',
  identity_not_mapped:
    'For the operator: name the caller in the policy file of the gateway’s authorizers; the log has who it was.',
  route_not_found: 'See the API reference.',
  method_not_allowed: 'See the header `Allow`.',
  request_timeout: 'Send the headers within 10 s and the body within 15 s.',
  conflict: 'Read the vault again, then repeat.',
  precondition_failed: 'Read the vault again: somebody changed it.',
  too_large: 'A record holds 350 KB in all.',
  body_too_large: 'A body holds 1 MiB.',
  media_type_unsupported: 'Send `Content-Type: application/json`.',
  content_coding_unsupported: 'Send the body as it is: no gzip, br or other `Content-Encoding`.',
  transfer_coding_unsupported: 'Send `Transfer-Encoding: chunked` or a `Content-Length`.',
  expectation_failed: 'Send no `Expect` but `100-continue`.',
  host_not_served: 'Call it by a name that it knows: `--allow-host`.',
  stage_not_served: 'For the operator: add the stage to the settings.',
  answer_too_large: 'Ask for fewer fields or entries at once.',
  rate_limited: 'Wait as long as `Retry-After` says.',
  headers_too_large: 'Headers hold 16 KiB.',
  invalid: 'See `errors`: every bad member is listed, without its value.',
  idempotency_key_reused: 'Use a new key for a new request.',
  integrity_failed:
    'For the operator: somebody wrote to the store, or it is damaged. `enclave-vault audit verify` says what.',
  record_unreadable:
    'For the operator: the record’s key or public key does not fit. Restore it from a backup.',
  internal: 'A fault of the vault: report the request id.',
  misconfigured: 'For the operator: `not_started` in the log of the function names the settings.',
  gateway_failed: 'Said by the gateway. For the operator: the function’s log and its alarms.',
  gateway_timeout: 'Said by the gateway: as for `timed_out`.',
  overloaded:
    'Repeat later, and with pauses that grow; nothing was done. For the operator, where it stays: more processes of the API, more enclaves.',
  starting: 'Wait.',
  stopping: 'Wait.',
  audit_busy: 'Repeat: too many calls wrote to the log of one vault at once.',
  audit_unavailable: 'For the operator: the file of audit heads cannot be written. Nothing was revealed.',
  store_unavailable:
    'Repeat. After a write, look first, or repeat with the same Idempotency-Key: it may have been done.',
  kms_denied: 'For the operator: the key policies do not fit this deployment.',
  kms_unavailable: 'Repeat.',
  enclave_not_trusted:
    'For the operator: the program or its configuration is not the one that the key policy names; the log says which register differs.',
  enclave_unavailable: 'Repeat: an enclave is starting again.',
  busy: 'Repeat after `Retry-After`.',
  decryptions_limited:
    'Repeat after `Retry-After`. For the operator: more was asked for than the measured rate of the enclaves; find out who asks before you raise it.',
  timed_out: 'Repeat. After a write, look first, or repeat with the same Idempotency-Key.',
};

export const MEMBER_ADVICE: Readonly<Record<MemberErrorCode, string>> = {
  unknown: 'Unknown members are refused, never ignored.',
  unknown_field: 'See the schema.',
  unknown_expression: 'See `expressions` of the schema.',
  unknown_purpose: 'See `purposes` of the schema.',
  unknown_scope: 'See the list of scopes.',
  required: 'A deployment whose purposes lack `general` asks for one with every decryption.',
  empty: 'Also: text of blanks only, a list without members.',
  null: 'To remove a field, delete it.',
  type: 'A decimal, for one, is a string.',
  too_long: 'Characters are counted before blanks are trimmed.',
  too_many: '100 fields or expressions in one request.',
  repeated: 'Once is enough.',
  format: 'See the type of the field.',
  range: 'See the limits.',
  derived_mismatch: 'Leave the derived field out, or send what follows from its source.',
  name: 'Lower-case letters, digits and `_`, beginning with a letter; at most 64.',
  reserved_name: 'Give the result another name.',
};

export const RESULT_ADVICE: Readonly<Record<ResultCode, string>> = {
  field_unreadable: 'Other fields are answered. The ciphertext is damaged or was moved here from elsewhere.',
  expression_invalid:
    'Mend the expression: no CEL, a function that is not there, a name that is no field and no earlier result.',
  expression_failed:
    'Mostly a null or a type that does not fit, or a result that JSON cannot hold; also what depends on a field or result that failed.',
  expression_budget_exceeded:
    'All expressions of a request have 250 ms together; those after the one that spent them have this code too. A result holds 64 KiB.',
};

/** Why a vault does not open: words of the log line `config_invalid`. */
export const OPEN_ADVICE: Readonly<Record<OpenErrorCode, string>> = {
  schema_malformed: 'The schema file is not a schema; the message names the place.',
  schema_version_reused:
    'The schema differs from the one that the store was last opened with: raise its `version`. Or the option `--schema` was forgotten.',
  schema_orphans_fields:
    'Records may hold fields that the schema no longer has, or has with another type: `--allow-orphans` accepts that.',
  integrity_failed: 'The stored schema was not written by this vault.',
  integrity_key_missing:
    'The store has records and lacks the key that authenticates them: it was tampered with, or restored in part.',
  integrity_key_refused:
    'The store is of another deployment, or its KMS keys are gone: restore store and KMS keys together.',
};

export const FINDING_ADVICE: Readonly<Record<FindingCode, string>> = {
  entry_missing: 'Numbers are not consecutive, or the head counts further than the entries.',
  entry_changed:
    'What follows still knows the hash it had: it was the vault’s entry and says something else now.',
  entry_forged: 'Nothing knows this entry: it was put there by somebody without the audit key.',
  entry_transplanted: 'Authentic, and copied from the log of another record.',
  entry_reordered: 'Authentic, and moved.',
  chain_broken: 'Both are authentic: entries of two histories of one log were mixed.',
  head_missing: 'A head and perhaps entries before it were cut off.',
  head_behind: 'An older head was put back.',
  head_forged: 'The head names an entry that is not there.',
  truncated: 'Only with `--against`: the end of the log was cut off, or the store was set back.',
  sink_mismatch: 'Only with `--against`: the log was rewritten, or two stores wrote to one file of heads.',
  record_missing: 'The item of the record was removed other than by the vault.',
  record_forged: 'A field, key or other part of the record was exchanged.',
  record_state: 'An older item of the record was put back.',
  record_revived: 'The record was deleted, and its item put back.',
  log_missing: 'The log of a record or key was removed as a whole, or the record was never the vault’s.',
  key_missing: 'The row of an API key was removed.',
  key_forged: 'The row of an API key was changed or made up.',
  key_unlisted: 'The key works and no list shows it: its line in the index was removed. Revoke it by its id.',
  key_state: 'An older row was put back, of a key that was revoked since.',
};
