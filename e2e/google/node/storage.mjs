// @google-cloud/storage: buckets and their policies.

import assert from 'node:assert/strict';

import { Storage } from '@google-cloud/storage';

import { claim, email, endpoint, found, key, ownerKey, project, refused, storageAs } from './given.mjs';

const storage = storageAs(ownerKey);
const nobodys = storageAs(key('nobody'));
const name = `artifacts.${project}.appspot.com`;

await claim('a bucket is created, found and deleted', async () => {
  assert.deepEqual(await storage.bucket(name).exists(), [false]);
  const [bucket] = await storage.createBucket(name);
  assert.equal(bucket.metadata.name, name);
  assert.equal(bucket.metadata.iamConfiguration.uniformBucketLevelAccess.enabled, true);
  found(`${bucket.name} in ${bucket.metadata.location}`);
  await refused(409, 'exists already', () => storage.createBucket(name));
  await bucket.delete();
  assert.deepEqual(await storage.bucket(name).exists(), [false]);
});

await claim('buckets come in pages', async () => {
  const names = [name, ...['asia', 'eu', 'us'].map((location) => `${location}.${name}`)];
  for (const each of names) await storage.createBucket(each);
  const listed = [];
  let query = { maxResults: 3, autoPaginate: false };
  while (query) {
    const [page, next] = await storage.getBuckets(query);
    assert.ok(page.length <= 3);
    listed.push(...page.map((bucket) => bucket.name));
    query = next;
  }
  assert.deepEqual(listed.sort(), names.sort());
});

await claim('a policy with a condition is read, changed and written', async () => {
  const { iam } = storage.bucket(name);
  const [policy] = await iam.getPolicy({ requestedPolicyVersion: 3 });
  const before = structuredClone(policy.bindings);
  policy.version = 3;
  policy.bindings.push({
    role: 'roles/storage.objectViewer',
    members: [`serviceAccount:${email('puller')}`],
    condition: { title: 'for a while', expression: 'request.time < timestamp("2030-01-01T00:00:00Z")' },
  });
  const [written] = await iam.setPolicy(policy);
  assert.notEqual(written.etag, policy.etag);
  await refused(412, 'changed by somebody else', () => iam.setPolicy(policy));
  const [again] = await iam.getPolicy({ requestedPolicyVersion: 3 });
  assert.deepEqual(again.bindings, written.bindings);
  again.bindings = again.bindings.filter((binding) => !binding.condition);
  const [restored] = await iam.setPolicy(again);
  assert.deepEqual(restored.bindings, before);
});

await claim('rights are tested without being used', async () => {
  const wanted = ['storage.objects.get', 'storage.buckets.delete'];
  const [mine] = await storage.bucket(name).iam.testPermissions(wanted);
  assert.deepEqual(mine, { 'storage.objects.get': true, 'storage.buckets.delete': true });
  const [pullers] = await storageAs(key('puller')).bucket(name).iam.testPermissions(wanted);
  assert.deepEqual(pullers, { 'storage.objects.get': true, 'storage.buckets.delete': false });
});

await claim('refusals have their status and are not asked for again', async () => {
  await refused(403, 'storage.buckets.get', () => nobodys.bucket(name).getMetadata());
  await refused(403, 'storage.buckets.list', () => nobodys.getBuckets());
  await refused(404, 'is not there', () => storage.bucket(`europe.${name}`).getMetadata());
  await refused(400, 'is not a registry bucket', () => storage.createBucket('a-name-that-no-registry-has'));
  const anonymous = new Storage({ apiEndpoint: endpoint, projectId: project });
  await refused(401, 'storage.buckets.get', () => anonymous.bucket(name).getMetadata());
});
