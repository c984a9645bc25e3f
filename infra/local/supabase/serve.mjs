// Supabase's HTTP API in front of our PostgreSQL: @supabase/lite embedded, with what differs from the hosted service
// corrected around it. Each `with…` below is one such correction, in a file of its own that says why.
//
// Run by hand: `node serve.mjs [--migrate]` with the variables of settings.mjs.

import { serve } from "@hono/node-server";
import { App, setExperimental } from "@supabase/lite";

import { AdminUsers, withAdminUsers } from "./admin_users.mjs";
import { withCors } from "./cors.mjs";
import { connect } from "./database.mjs";
import { withExactFilters } from "./exact_filters.mjs";
import { withHealth } from "./health.mjs";
import { withInvitations } from "./invitations.mjs";
import { migrate } from "./migrations.mjs";
import { isConnectionLost, withPostgrestErrors } from "./postgrest_errors.mjs";
import { readSettings } from "./settings.mjs";
import { withStorageAnswers } from "./storage_answers.mjs";
import { StorageFiles } from "./storage_files.mjs";
import { withTokenGuard } from "./tokens.mjs";

// As in supabase/config.toml, which is the Supabase CLI's and does not reach this process.
const MINIMUM_PASSWORD_LENGTH = 8;
const FILE_SIZE_LIMIT = "300MiB";

async function createApp(settings) {
  setExperimental("storage", true);
  const app = new App({
    connection: connect(settings.databaseUrl),
    api: { schemas: ["public"], max_rows: 1000 },
    auth: {
      enabled: true,
      jwt_secret: settings.jwtSecret,
      publishable_key: settings.publishableKey,
      secret_key: settings.secretKey,
      minimum_password_length: MINIMUM_PASSWORD_LENGTH,
      site_url: settings.siteUrl, // besides loopback, the only place that links of mails may lead to
    },
    storage: { enabled: true, file_size_limit: FILE_SIZE_LIMIT },
    studio: { enabled: false },
    options: { server: { admin: false } }, // admin mode lets whoever is on this machine in without a key
  });
  app._storageAdapter = new StorageFiles(settings.storageDir);
  return app.init();
}

function handlerOf(app, settings) {
  const sql = app.connection.driver;
  const users = new AdminUsers(sql, MINIMUM_PASSWORD_LENGTH);
  const lite = withExactFilters((request, context) => app.fetch(request, context));
  const invitable = withInvitations(withStorageAnswers(lite), sql, { users, ...settings });
  const api = withAdminUsers(invitable, users, settings);
  return withCors(withHealth(withTokenGuard(withPostgrestErrors(api)), sql));
}

async function main() {
  const settings = readSettings(process.env, { serving: true });
  if (process.argv.includes("--migrate")) {
    const applied = await migrate(settings);
    console.log(applied.length > 0 ? `applied ${applied.join(", ")}` : "the database is up to date");
  }
  const app = await createApp(settings);
  const handle = handlerOf(app, settings);
  const fetch = (request, { incoming }) => handle(request, { peerAddress: incoming.socket.remoteAddress ?? null });
  const server = serve({ fetch, port: settings.port, hostname: "127.0.0.1" }, ({ port }) => {
    console.log(`Supabase is ready: http://127.0.0.1:${port}`);
  });
  server.on("error", fail);
  for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => stop(server, app));
}

async function stop(server, app) {
  server.close();
  server.closeAllConnections();
  await Promise.all([app.connection.kysely.destroy(), app.connection.driver.end({ timeout: 2 })]);
  process.exit(0);
}

function fail(error) {
  console.error(`supabase: ${error.message}`);
  process.exit(1);
}

// Right after connecting, postgres.js asks for the array types in a promise that nobody holds. When PostgreSQL dies in that
// moment the promise is rejected, which would end this process; whoever waits for the connection is told separately.
process.on("unhandledRejection", (error) => {
  if (!isConnectionLost(error)) throw error;
});

main().catch(fail);
