// SPDX-License-Identifier: Apache-2.0

/** Why a record of another vault is not imported; stable codes. None of them is the fault of a try: a repeat says the same. */
export const IMPORT_REFUSALS = {
  bad_id: 'Its id is not `v_` and a KSUID',
  unknown_suite: 'Its HPKE suite is not one of the three',
  bad_public_key: 'Its public key is missing or not one of its suite',
  bad_wrapped_key: 'Its wrapped private key is missing or too large',
  bad_field: 'Fields are not sealed values of encoding 1 or 2',
  unknown_field: 'Fields are not of the record schema',
  field_type: 'Fields are of a type that is not text: what the sample sealed is',
  too_large: 'It would be larger than 350 KB',
  deleted: 'It was here and was deleted',
  other_tenant: 'Another tenant has it',
  source_changed: 'It was imported before, with other content, fields or key',
  integrity_failed: 'What is stored under its id does not authenticate',
} as const satisfies Record<string, string>;
export type ImportRefusalCode = keyof typeof IMPORT_REFUSALS;

export interface ImportRefusal {
  readonly result: 'skipped';
  readonly code: ImportRefusalCode;
  /** Names of the fields it is about. */
  readonly fields?: readonly string[];
}

export function refuse(code: ImportRefusalCode, fields?: readonly string[]): ImportRefusal {
  return fields === undefined ? { result: 'skipped', code } : { result: 'skipped', code, fields };
}
