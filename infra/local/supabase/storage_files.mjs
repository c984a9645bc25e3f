// Where the bytes of storage objects lie: one file per object below the storage folder, and beside it what a download
// must say about it. lite's own adapter sends no bytes on Node 20 (its stream yields ArrayBuffers), answers a range with
// the whole file, and guesses the content type from the extension.

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export class StorageFiles {
  constructor(folder) {
    this.folder = folder;
  }

  async uploadObject(bucket, key, _version, body, contentType, cacheControl) {
    const bytes = await collect(body);
    const path = this.#pathOf(bucket, key);
    const about = {
      key,
      mimetype: contentType,
      cacheControl,
      size: bytes.byteLength,
      eTag: `"${createHash("md5").update(bytes).digest("hex")}"`,
      lastModified: new Date().toISOString(),
    };
    await mkdir(join(this.folder, bucket), { recursive: true });
    await replaceFile(path, bytes);
    await replaceFile(`${path}.json`, JSON.stringify(about));
    return describe(about);
  }

  async getObject(bucket, key) {
    const metadata = await this.headObject(bucket, key);
    const bytes = await readFile(this.#pathOf(bucket, key));
    return { httpStatusCode: 200, metadata, body: new Blob([bytes]).stream() };
  }

  async headObject(bucket, key) {
    return describe(JSON.parse(await readFile(`${this.#pathOf(bucket, key)}.json`, "utf8")));
  }

  async copyObject(bucket, key, _version, toBucket, toKey) {
    const { metadata, body } = await this.getObject(bucket, key);
    const copy = await this.uploadObject(toBucket, toKey, null, body, metadata.mimetype, metadata.cacheControl);
    return { httpStatusCode: 200, eTag: copy.eTag, lastModified: copy.lastModified };
  }

  async deleteObject(bucket, key) {
    const path = this.#pathOf(bucket, key);
    await Promise.all([rm(path, { force: true }), rm(`${path}.json`, { force: true })]);
  }

  async deleteObjects(bucket, keys) {
    for (const key of keys) await this.deleteObject(bucket, key);
  }

  async privateAssetUrl(bucket, key) {
    return `file://${this.#pathOf(bucket, key)}`;
  }

  // A digest as name: no key can leave the folder, and "a" and "a/b" can both be objects.
  #pathOf(bucket, key) {
    return join(this.folder, bucket, createHash("sha256").update(key).digest("hex"));
  }
}

function describe(about) {
  return { ...about, contentLength: about.size, lastModified: new Date(about.lastModified) };
}

async function collect(body) {
  if (body instanceof Uint8Array) return body;
  const chunks = [];
  for await (const chunk of body) chunks.push(chunk instanceof Uint8Array ? chunk : new Uint8Array(chunk));
  return Buffer.concat(chunks);
}

// Written beside and renamed, so that a reader never sees half a file.
async function replaceFile(path, content) {
  const unfinished = `${path}.${randomUUID()}`;
  await writeFile(unfinished, content);
  await rename(unfinished, path);
}
