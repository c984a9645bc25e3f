// The database behind the requests: @supabase/lite's connection, with what it gets wrong on a real PostgreSQL corrected.

import { AsyncLocalStorage } from "node:async_hooks";

import { createPostgresConnection } from "@supabase/lite/postgres";

import { poolOf } from "./pool.mjs";
import { VALUE_TYPES } from "./value_types.mjs";

// Set here and not by PGMAX or ?max=: the driver keeps those as strings and then opens a single connection.
const POOL_SIZE = 16;
const OWN_POOL_SIZE = 4;

const OPTIONS = {
  connect_timeout: 5,
  onnotice: () => {},
  types: VALUE_TYPES,
  // Hosted Supabase stops a statement of the API after 8 s. PostgREST applies each role's own setting; lite none.
  connection: { TimeZone: "UTC", statement_timeout: 8000 },
};

// The error PostgreSQL raised while a request was served, for the layers that shape the answer.
const requestErrors = new AsyncLocalStorage();

/** lite's connection; its `driver` is for our own additions, requests are served on the pool. */
export function connect(databaseUrl) {
  const connection = createPostgresConnection({
    url: databaseUrl,
    postgresOptions: { ...OPTIONS, max: OWN_POOL_SIZE },
  });
  connection.kysely = poolOf(databaseUrl, { size: POOL_SIZE, options: OPTIONS });
  keepOurGrants(connection);
  neverServeAnEmptySchema(connection);
  rememberErrors(connection);
  return connection;
}

/** Serve a request: its response, null when serving it threw, and the error PostgreSQL raised meanwhile, if any. */
export async function watchingErrors(serve) {
  const seen = { error: null };
  try {
    const response = await requestErrors.run(seen, serve);
    return { response, error: seen.error };
  } catch (error) {
    return { response: null, error };
  }
}

// At its first request lite grants ALL on every table to anon, authenticated and service_role, which undoes every
// revoke and column grant of the migrations. The roles and grants are there already.
function keepOurGrants(connection) {
  connection.rlsState = "active";
  connection.ensureRlsContext = async () => true;
}

// When the database is away, lite takes the schema for empty and answers 404 "no such function". A worker would take
// that for a permanent error and drop its job; the truth is 503.
function neverServeAnEmptySchema(connection) {
  const introspect = connection.introspect.bind(connection);
  let reading = null; // one at a time: after a restart every waiting request would read the whole catalog
  connection.introspect = async (options) => {
    reading ??= introspect(options).finally(() => {
      reading = null;
    });
    const schema = await reading;
    if (schema.tables.length > 0) return schema;
    const error = Object.assign(new Error("the schema cannot be read"), { code: "CONNECTION_CLOSED" });
    note(error);
    throw error;
  };
}

// lite maps a few SQLSTATEs and turns the rest into 500 {"code":"SUP"}, so the original error is kept.
function rememberErrors(connection) {
  const withContext = connection.withContext.bind(connection);
  connection.withContext = async (...args) => {
    try {
      return await withContext(...args);
    } catch (error) {
      note(error);
      throw error;
    }
  };
}

function note(error) {
  const seen = requestErrors.getStore();
  if (seen) seen.error = error;
}
