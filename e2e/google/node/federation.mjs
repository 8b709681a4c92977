// google-auth-library's external accounts: tokens of another issuer are exchanged for ours.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { cloudresourcemanager } from '@googleapis/cloudresourcemanager';
import { iam } from '@googleapis/iam';
import { ExternalAccountClient } from 'google-auth-library';

import { claim, cloudPlatform, email, endpoint, found, ownerKey, project, refused, signer, signJwt } from './given.mjs';

const as = { auth: signer(ownerKey, cloudPlatform), rootUrl: endpoint };
const pools = iam({ version: 'v1', ...as }).projects.locations.workloadIdentityPools;
const { serviceAccounts } = iam({ version: 'v1', ...as }).projects;
const { projects } = cloudresourcemanager({ version: 'v1', ...as });
const { data: described } = await projects.get({ projectId: project });
const pool = `projects/${described.projectNumber}/locations/global/workloadIdentityPools/node-ci`;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wharf-e2e-node-'));
const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A client whose credential is a token of the issuer in a file. */
function client(claims, account) {
  const now = Math.floor(Date.now() / 1000);
  const audience = `//iam.googleapis.com/${pool}/providers/builds`;
  const token = signJwt({ alg: 'RS256', kid: 'first' }, privateKey, {
    iss: 'https://issuer.example',
    aud: `https:${audience}`,
    iat: now,
    exp: now + 600,
    ...claims,
  });
  const file = path.join(folder, crypto.randomUUID());
  fs.writeFileSync(file, token);
  const credential = ExternalAccountClient.fromJSON({
    type: 'external_account',
    audience,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${endpoint}/v1/token`,
    credential_source: { file },
    ...(account && {
      service_account_impersonation_url: `${endpoint}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
    }),
  });
  credential.scopes = [cloudPlatform];
  return credential;
}

/** Which of two rights on the project somebody has. */
async function rights(credential) {
  const url = `${endpoint}/v1/projects/${project}:testIamPermissions`;
  const data = { permissions: ['storage.objects.get', 'storage.buckets.delete'] };
  const answer = await credential.request({ url, method: 'POST', data });
  return answer.data.permissions ?? [];
}

await claim('a pool and a provider are made', async () => {
  const parent = `projects/${project}/locations/global`;
  await pools.create({ parent, workloadIdentityPoolId: 'node-ci', requestBody: {} });
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'first', use: 'sig', alg: 'RS256' }] };
  const { data } = await pools.providers.create({
    parent: `${parent}/workloadIdentityPools/node-ci`,
    workloadIdentityPoolProviderId: 'builds',
    requestBody: {
      oidc: { issuerUri: 'https://issuer.example', jwksJson: JSON.stringify(jwks) },
      attributeMapping: { 'google.subject': 'assertion.sub' },
    },
  });
  assert.equal(data.done, true);
});

await claim('a token of the issuer is a principal of its own', async () => {
  assert.deepEqual(await rights(client({ sub: 'web' })), []);
  const { data: policy } = await projects.getIamPolicy({ resource: project, requestBody: {} });
  const member = `principal://iam.googleapis.com/${pool}/subject/web`;
  policy.bindings = [...(policy.bindings ?? []), { role: 'roles/storage.objectViewer', members: [member] }];
  await projects.setIamPolicy({ resource: project, requestBody: { policy } });
  assert.deepEqual(await rights(client({ sub: 'web' })), ['storage.objects.get']);
  assert.deepEqual(await rights(client({ sub: 'api' })), []);
  found(member);
});

await claim('a principal acts as a service account', async () => {
  const resource = `projects/${project}/serviceAccounts/${email('puller')}`;
  const acting = client({ sub: 'api' }, email('puller'));
  await refused(403, 'iam.serviceAccounts.getAccessToken', () => acting.getAccessToken());
  const { data: policy } = await serviceAccounts.getIamPolicy({ resource });
  const member = `principal://iam.googleapis.com/${pool}/subject/api`;
  policy.bindings = [{ role: 'roles/iam.workloadIdentityUser', members: [member] }];
  await serviceAccounts.setIamPolicy({ resource, requestBody: { policy } });
  assert.deepEqual(await rights(acting), ['storage.objects.get']);
});

await claim('tokens that do not prove it are refused', async () => {
  const past = Math.floor(Date.now() / 1000) - 7200;
  await assert.rejects(client({ sub: 'web', iat: past, exp: past + 600 }).getAccessToken(), /invalid_grant/);
  await assert.rejects(client({ sub: 'web', aud: 'https://another.example' }).getAccessToken(), /invalid_grant/);
});

fs.rmSync(folder, { recursive: true });
