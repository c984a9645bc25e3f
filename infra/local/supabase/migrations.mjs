// Brings a database up to date: first the schemas hosted Supabase has before any migration (auth, storage), then the
// project's migrations in order. History is kept in the Supabase CLI's own table, so the CLI reads it too.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { getAuthSchemaSql, getStorageSchemaSql } from "@supabase/lite";
import postgres from "postgres";

import { AFTER_SYSTEM_SCHEMAS_SQL, HISTORY_SQL } from "./system_schemas.mjs";

const FILE_NAME = /^(\d{14})_(.+)\.sql$/;
const LOCK = 4_715_220_261; // two starts at once must not apply the same file

export class MigrationFailed extends Error {}

/** Apply what is pending and return the names of the applied files.
 *
 * Each file is one transaction together with its row of history, as `supabase db push` does it.
 */
export async function migrate({ databaseUrl, migrationsDir }) {
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    await refuseSuperuser(sql);
    await sql`select pg_advisory_lock(${LOCK})`;
    await sql.unsafe([getAuthSchemaSql(false), getStorageSchemaSql(false), AFTER_SYSTEM_SCHEMAS_SQL, HISTORY_SQL].join("\n"));
    return await applyPending(sql, migrationsDir);
  } finally {
    await sql.end();
  }
}

// As a superuser a migration may do what the cloud refuses.
async function refuseSuperuser(sql) {
  const [role] = await sql`select rolname, rolsuper from pg_roles where rolname = current_user`;
  if (role.rolsuper) {
    throw new MigrationFailed(`migrations run as the role postgres, which is no superuser in the cloud; not as ${role.rolname}`);
  }
}

async function applyPending(sql, migrationsDir) {
  const rows = await sql`select version from supabase_migrations.schema_migrations`;
  const done = new Set(rows.map((row) => row.version));
  const applied = [];
  for (const file of await listFiles(migrationsDir)) {
    if (done.has(file.version)) continue;
    await apply(sql, join(migrationsDir, file.filename), file);
    applied.push(file.filename);
  }
  return applied;
}

async function listFiles(migrationsDir) {
  const filenames = (await readdir(migrationsDir)).filter((name) => name.endsWith(".sql")).sort();
  const files = filenames.map((filename) => {
    const [, version, name] = FILE_NAME.exec(filename) ?? [];
    if (!version) throw new MigrationFailed(`${filename} is not named <14 digits>_<name>.sql`);
    return { filename, version, name };
  });
  files.forEach((file, index) => {
    if (file.version === files[index - 1]?.version) {
      throw new MigrationFailed(`${files[index - 1].filename} and ${file.filename} have the same version`);
    }
  });
  return files;
}

async function apply(sql, path, { filename, version, name }) {
  const source = await readFile(path, "utf8");
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(source);
      await transaction.unsafe("reset role; reset all"); // a `set` of one file must not reach the next
      await transaction`
        insert into supabase_migrations.schema_migrations (version, name, statements)
        values (${version}, ${name}, ${[source]})`;
    });
  } catch (error) {
    throw new MigrationFailed(describe(filename, source, error), { cause: error });
  }
}

function describe(filename, source, error) {
  const line = error.position ? source.slice(0, Number(error.position)).split("\n").length : null;
  const lines = [`${filename}${line ? `:${line}` : ""}: ${error.message}${error.code ? ` (${error.code})` : ""}`];
  if (line) lines.push(`  ${source.split("\n")[line - 1].trim()}`);
  for (const field of ["detail", "hint", "where"]) {
    if (error[field]) lines.push(`  ${field}: ${error[field]}`);
  }
  return lines.join("\n");
}
