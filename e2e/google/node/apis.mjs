// The clients of the googleapis family: `rootUrl` leads each of them to the registry.

import assert from 'node:assert/strict';

import { cloudresourcemanager } from '@googleapis/cloudresourcemanager';
import { iam } from '@googleapis/iam';
import { storage } from '@googleapis/storage';

import { claim, cloudPlatform, email, endpoint, found, key, ownerKey, project, refused, signer } from './given.mjs';

const as = (keyFile) => ({ auth: signer(keyFile, cloudPlatform), rootUrl: endpoint });
const accounts = iam({ version: 'v1', ...as(ownerKey) }).projects.serviceAccounts;
const nobodys = iam({ version: 'v1', ...as(key('nobody')) }).projects.serviceAccounts;
const { projects } = cloudresourcemanager({ version: 'v3', ...as(ownerKey) });
const { buckets } = storage({ version: 'v1', ...as(ownerKey) });
const name = `projects/${project}`;

await claim('accounts are created, listed in pages and deleted', async () => {
  for (let n = 0; n < 5; n++) {
    await accounts.create({ name, requestBody: { accountId: `by-node-${n}`, serviceAccount: { displayName: 'By Node' } } });
  }
  const listed = [];
  let pageToken;
  do {
    const { data } = await accounts.list({ name, pageSize: 2, pageToken });
    listed.push(...data.accounts.map((account) => account.email));
    pageToken = data.nextPageToken;
  } while (pageToken);
  assert.equal(listed.filter((each) => each.startsWith('by-node-')).length, 5);
  assert.equal(new Set(listed).size, listed.length);
  await accounts.delete({ name: `${name}/serviceAccounts/${email('by-node-0')}` });
  await refused(404, 'by-node-0', () => accounts.get({ name: `${name}/serviceAccounts/${email('by-node-0')}` }));
});

await claim('a key is created and deleted', async () => {
  const { data: created } = await accounts.keys.create({ name: `${name}/serviceAccounts/${email('by-node-1')}` });
  const file = JSON.parse(Buffer.from(created.privateKeyData, 'base64'));
  assert.equal(file.client_email, email('by-node-1'));
  await accounts.keys.delete({ name: created.name });
  found(`key ${file.private_key_id}`);
});

await claim('the policy of a project is read and written', async () => {
  const options = { requestedPolicyVersion: 3 };
  const { data: policy } = await projects.getIamPolicy({ resource: name, requestBody: { options } });
  policy.bindings = [...(policy.bindings ?? []), { role: 'roles/browser', members: [`serviceAccount:${email('puller')}`] }];
  const { data: written } = await projects.setIamPolicy({ resource: name, requestBody: { policy } });
  assert.ok(written.bindings.some((binding) => binding.role === 'roles/browser'));
  await refused(409, 'changed by somebody else', () => projects.setIamPolicy({ resource: name, requestBody: { policy } }));
});

await claim('buckets are created and listed', async () => {
  const bucket = `artifacts.${project}.appspot.com`;
  await buckets.insert({ project, requestBody: { name: bucket } });
  const { data } = await buckets.list({ project });
  assert.deepEqual(data.items.map((each) => each.name), [bucket]);
});

await claim('refusals have their status', async () => {
  await refused(403, 'iam.serviceAccounts.list', () => nobodys.list({ name }));
  await refused(409, 'exists already', () => accounts.create({ name, requestBody: { accountId: 'puller' } }));
  await refused(400, 'colour', () => accounts.create({ name, requestBody: { accountId: 'fine-name', colour: 'red' } }));
});
