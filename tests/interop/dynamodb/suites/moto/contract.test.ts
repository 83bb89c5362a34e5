// SPDX-License-Identifier: Apache-2.0
import { storeContract } from '../../../../../host/stores/test/contract.ts';
import { moto, newStore } from '../../peers.ts';

/**
 * moto copies a table before a transaction and puts the copy back when the transaction fails, without a lock: what others
 * wrote meanwhile is gone. Transactions of DynamoDB are isolated from each other.
 */
const NO_ISOLATION = 'moto undoes a failed transaction by setting the whole table back';

storeContract('moto', () => newStore(moto()), {
  'have one winner: 50 increments at once lose none': NO_ISOLATION,
  'stand each for itself when they come together': NO_ISOLATION,
});
