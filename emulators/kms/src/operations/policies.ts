// SPDX-License-Identifier: Apache-2.0
import { keyConditions } from '../conditions.ts';
import { KmsError } from '../errors.ts';
import { checkKeyPolicy } from '../key-policy.ts';
import { operation } from '../operation.ts';
import { boolean, optional, text } from '../shapes.ts';
import { policyText } from './key-metadata.ts';
import { change, managedKey } from './key-state.ts';
import { requireNotPendingDeletion } from './keys-in-use.ts';
import { keyId } from './members.ts';

/** The one policy a key has. */
const NAME = 'default';
const policyName = optional(text({ min: 1, max: 128, pattern: /^\w+$/ }));

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html */
export const getKeyPolicy = operation(
  { KeyId: keyId, PolicyName: policyName },
  {
    readOnly: true,
    logged: ({ KeyId, PolicyName }) => ({ keyId: KeyId, policyName: PolicyName ?? NAME }),
    run(call, input) {
      const { key } = managedKey(call, input.KeyId);
      if ((input.PolicyName ?? NAME) !== NAME)
        throw new KmsError('NotFoundException', 'No such policy exists');
      return { Policy: key.policyText, PolicyName: NAME };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html */
export const putKeyPolicy = operation(
  {
    KeyId: keyId,
    PolicyName: policyName,
    Policy: policyText,
    BypassPolicyLockoutSafetyCheck: optional(boolean),
  },
  {
    logged: ({ KeyId, PolicyName, BypassPolicyLockoutSafetyCheck }) => ({
      keyId: KeyId,
      policyName: PolicyName ?? NAME,
      bypassPolicyLockoutSafetyCheck: BypassPolicyLockoutSafetyCheck ?? false,
    }),
    async run(call, input) {
      const bypass = input.BypassPolicyLockoutSafetyCheck ?? false;
      const resolved = managedKey(call, input.KeyId, {
        'kms:BypassPolicyLockoutSafetyCheck': String(bypass),
      });
      if ((input.PolicyName ?? NAME) !== NAME)
        throw new KmsError('NotFoundException', 'No such policy exists');
      requireNotPendingDeletion(resolved);
      const conditions = keyConditions(call.service.store.current, resolved.key);
      const policy = checkKeyPolicy(call, resolved.arn, input.Policy, conditions, bypass);
      await change(call, resolved, (key) => ({ ...key, policy, policyText: input.Policy }));
      return {};
    },
  },
);
