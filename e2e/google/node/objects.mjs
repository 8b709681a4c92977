// @google-cloud/storage: images as the objects that they are, listed and read. The test has pushed `web:v1`.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';

import { claim, found, key, project, refused, storageAs } from './given.mjs';

const bucket = storageAs(key('puller')).bucket(`artifacts.${project}.appspot.com`);
const image = 'containers/repositories/library/web/';
const tag = `${image}tag_v1`;
// An object here is named by its SHA-256 and has no CRC-32C, without which this library takes no content unless told to.
const unchecked = { validation: false };

await claim('objects are listed', async () => {
  const [files] = await bucket.getFiles({ prefix: image });
  const names = files.map((file) => file.name);
  assert.ok(names.includes(tag) && names.length >= 4, names.join());
  const [, , { prefixes }] = await bucket.getFiles({ delimiter: '/', autoPaginate: false });
  assert.deepEqual(prefixes, ['containers/']);
  found(`${names.length} objects below ${image}`);
});

await claim('an object is described and read whole, in part and as a stream', async () => {
  const [metadata] = await bucket.file(tag).getMetadata();
  const [manifest] = await bucket.file(tag).download(unchecked);
  assert.equal(manifest.length, Number(metadata.size));
  const digest = crypto.createHash('sha256').update(manifest).digest('hex');
  const [same] = await bucket.file(`${image}manifest_sha256:${digest}`).download(unchecked);
  assert.deepEqual(same, manifest);
  const [part] = await bucket.file(tag).download({ ...unchecked, start: 2, end: 11 });
  assert.deepEqual(part, manifest.subarray(2, 12));
  const pieces = [];
  for await (const piece of bucket.file(tag).createReadStream(unchecked)) pieces.push(piece);
  assert.deepEqual(Buffer.concat(pieces), manifest);
  assert.deepEqual(await bucket.file(`${image}tag_v2`).exists(), [false]);
});

await claim('refusals have their status', async () => {
  await refused(404, '', () => bucket.file(`${image}tag_v2`).getMetadata());
  const nobodys = storageAs(key('nobody')).bucket(bucket.name);
  await refused(403, 'storage.objects.get', () => nobodys.file(tag).getMetadata());
  await refused(403, 'storage.objects.list', () => nobodys.getFiles());
  await refused(405, '', () => bucket.file(tag).delete());
});
