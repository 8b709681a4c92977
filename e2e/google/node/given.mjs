// What a test gives its script, and how a script says what it found. The same as given.py, for Node.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { Storage } from '@google-cloud/storage';
import { JWT } from 'google-auth-library';

export const endpoint = process.env.WHARF_ENDPOINT;
export const project = process.env.WHARF_PROJECT;
export const ownerKey = keyAt(process.env.GOOGLE_APPLICATION_CREDENTIALS);

/** The scope that reaches everything. */
export const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';

/** An answer that is a refusal comes at once: far below the first pauses of a library that asks again. */
const refusalMsMax = 10_000;

/** The content of the key file of an account that the test has made. */
export function key(name) {
  return keyAt(path.join(process.env.WHARF_KEYS, `${name}.json`));
}

function keyAt(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** The address of an account. */
export function email(name) {
  return `${name}@${project}.iam.gserviceaccount.com`;
}

/** A client that signs its own bearers and asks nobody for a token. */
export function signer({ client_email, private_key, private_key_id }, ...scopes) {
  const client = new JWT({ email: client_email, key: private_key, keyId: private_key_id, scopes });
  client.useJWTAccessWithScope = true;
  return client;
}

/**
 * A Cloud Storage that signs its own bearers: left to itself it would fetch a token from Google's host, whatever the key
 * file says, and without `useAuthWithCustomEndpoint` it would send none at all.
 */
export function storageAs(credentials) {
  const storage = new Storage({
    apiEndpoint: endpoint,
    projectId: project,
    useAuthWithCustomEndpoint: true,
    credentials,
  });
  storage.authClient.useJWTAccessWithScope = true;
  return storage;
}

/** A JWT, signed with RS256. */
export function signJwt(header, privateKey, claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${crypto.sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** The exchange that the library makes at Google only (RFC 7523). */
export async function accessToken({ client_email, private_key, private_key_id, token_uri }) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: client_email, aud: token_uri, scope: cloudPlatform, iat: now, exp: now + 3600 };
  const assertion = signJwt({ alg: 'RS256', kid: private_key_id }, private_key, claims);
  const answer = await fetch(token_uri, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
    }),
  });
  assert.equal(answer.status, 200);
  return (await answer.json()).access_token;
}

/** A claim: it is proved where it stands. */
export async function claim(name, proof) {
  console.log(name);
  await proof();
}

/** Says what was found, so that a test's output can be read. */
export function found(what) {
  console.log(`    ${what}`);
}

/** What is done fails with this HTTP status, saying the words, and at once. */
export async function refused(status, words, action) {
  const begin = Date.now();
  const error = await action().then(
    () => assert.fail(`nothing was refused, where ${status} is due`),
    (error) => error,
  );
  const got = error.response?.status ?? error.status ?? error.code;
  assert.equal(Number(got), status, error.message);
  const said = `${error.message} ${JSON.stringify(error.response?.data ?? error.errors ?? '')}`;
  assert.ok(said.includes(words), said);
  assert.ok(Date.now() - begin < refusalMsMax, `a refusal took ${Date.now() - begin} ms`);
  found(`${status}: ${said.slice(0, 240)}`);
}
